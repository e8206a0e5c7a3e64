//! What a client leaves to the server: lists of what it supports, of which one is registered (OpenID Connect Relying Party
//! Metadata Choices 1.0 §2).

use jose::{ContentEncryption, KeyManagement, SignatureAlgorithm};
use protocol::ClientAuthMethod;
use serde_json::{Map, Value};

/// What the server chooses from.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// `subject_type`.
    Subject,
    /// How the client authenticates.
    Method,
    /// What the server signs with.
    Signing,
    /// What the server verifies with a key of the client.
    Verifying,
    /// What a content key is encrypted with.
    KeyManagement,
    /// What content is encrypted with.
    Content,
}

/// Each list, the member that is chosen from it, and from what.
const CHOICES: &[(&str, &str, Choice)] = &[
    ("subject_types_supported", "subject_type", Choice::Subject),
    ("token_endpoint_auth_methods_supported", "token_endpoint_auth_method", Choice::Method),
    (
        "token_endpoint_auth_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg",
        Choice::Verifying,
    ),
    ("id_token_signing_alg_values_supported", "id_token_signed_response_alg", Choice::Signing),
    ("id_token_encryption_alg_values_supported", "id_token_encrypted_response_alg", Choice::KeyManagement),
    ("id_token_encryption_enc_values_supported", "id_token_encrypted_response_enc", Choice::Content),
    ("userinfo_signing_alg_values_supported", "userinfo_signed_response_alg", Choice::Signing),
    ("userinfo_encryption_alg_values_supported", "userinfo_encrypted_response_alg", Choice::KeyManagement),
    ("userinfo_encryption_enc_values_supported", "userinfo_encrypted_response_enc", Choice::Content),
    ("request_object_signing_alg_values_supported", "request_object_signing_alg", Choice::Verifying),
    ("introspection_signing_alg_values_supported", "introspection_signed_response_alg", Choice::Signing),
    (
        "introspection_encryption_alg_values_supported",
        "introspection_encrypted_response_alg",
        Choice::KeyManagement,
    ),
    (
        "introspection_encryption_enc_values_supported",
        "introspection_encrypted_response_enc",
        Choice::Content,
    ),
    ("authorization_signing_alg_values_supported", "authorization_signed_response_alg", Choice::Signing),
];

/// What this server offers.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// The algorithms of its keys.
    pub(crate) signing: Vec<String>,
    /// How a client may authenticate.
    pub(crate) auth_methods: Vec<ClientAuthMethod>,
}

impl Offered {
    /// Chooses the first of each list that is offered, unless the client named one that is. Where none is offered, the member
    /// is judged as it was sent.
    pub(crate) fn choose(&self, members: &mut Map<String, Value>) {
        for (list, single, choice) in CHOICES {
            let Some(Value::Array(supported)) = members.remove(*list) else { continue };
            let named = members.get(*single).and_then(Value::as_str);
            if named.is_some_and(|named| self.has(*choice, named)) {
                continue;
            }
            let mut names = supported.iter().filter_map(Value::as_str);
            if let Some(chosen) = names.find(|name| self.has(*choice, name)) {
                members.insert((*single).to_owned(), chosen.into());
            }
        }
    }

    fn has(&self, choice: Choice, name: &str) -> bool {
        let is_public = |algorithm: SignatureAlgorithm| !algorithm.is_symmetric();
        match choice {
            Choice::Subject => matches!(name, "public" | "pairwise"),
            Choice::Method => {
                ClientAuthMethod::parse(name).is_some_and(|method| self.auth_methods.contains(&method))
            }
            Choice::Signing => self.signing.iter().any(|own| own == name),
            Choice::Verifying => SignatureAlgorithm::parse(name).is_some_and(is_public),
            Choice::KeyManagement => KeyManagement::parse(name).is_some_and(|alg| !alg.is_symmetric()),
            Choice::Content => ContentEncryption::parse(name).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chosen(members: Value) -> Value {
        let offered = Offered {
            signing: vec!["ES256".into(), "RS256".into()],
            auth_methods: vec![ClientAuthMethod::PrivateKeyJwt, ClientAuthMethod::None],
        };
        let mut members = members.as_object().cloned().expect("an object");
        offered.choose(&mut members);
        members.into()
    }

    #[test]
    fn the_first_that_is_offered_is_registered_and_the_lists_are_not() {
        let asked = json!({
            "id_token_signing_alg_values_supported": ["ML-DSA-44", "RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
            "subject_types_supported": ["pairwise", "public"],
            "userinfo_encryption_alg_values_supported": ["dir", "RSA-OAEP-256"],
        });
        let registered = json!({
            "id_token_signed_response_alg": "RS256", "token_endpoint_auth_method": "private_key_jwt",
            "subject_type": "pairwise", "userinfo_encrypted_response_alg": "RSA-OAEP-256",
        });
        assert_eq!(chosen(asked), registered);
    }

    #[test]
    fn what_the_client_named_stays_if_it_is_offered() {
        let list = json!(["ES256"]);
        for (named, registered) in [("RS256", "RS256"), ("ML-DSA-44", "ES256")] {
            let asked = json!({ "id_token_signed_response_alg": named, "id_token_signing_alg_values_supported": list });
            assert_eq!(chosen(asked), json!({ "id_token_signed_response_alg": registered }));
        }
        assert_eq!(chosen(json!({ "id_token_signing_alg_values_supported": ["x"] })), json!({}));
    }
}
