//! The valid registration of a client.

use protocol::{ClientId, ClientMetadata};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    entry::Entry,
    finding::{Findings, pointer},
    members::CLIENT,
    rules::{Registrar, Rules},
    secret::{self, Needs},
};
use crate::store::Client;

/// The registration of a client. Its members satisfy every rule that needs no other record.
#[derive(Clone, Debug)]
pub struct ClientRegistration {
    pub(super) pointer: String,
    pub(super) id: ClientId,
    pub(super) secret: Option<Zeroizing<String>>,
    pub(super) metadata: ClientMetadata,
    pub(super) require_pkce: bool,
    pub(super) skip_consent: bool,
    pub(super) disabled: bool,
}

impl ClientRegistration {
    /// Reads the members of a client at a JSON pointer (RFC 6901). Errors are added to the findings.
    pub fn read(at: String, value: Value, rules: &Rules, findings: &mut Findings) -> Option<Self> {
        let mut entry = Entry::read(at, value, CLIENT, rules, findings)?;
        let id = match &rules.registrar {
            Registrar::Client(drawn) => Some(drawn.clone()),
            Registrar::Operator | Registrar::Development => {
                entry.take_parsed("client_id", ClientId::parse, "must be 1 to 255 visible ASCII characters")
            }
        };
        let secret = secret::take(&mut entry, rules);
        entry.check(rules);
        let require_pkce = entry.take_flag("require_pkce");
        let skip_consent = entry.take_flag("skip_consent");
        let disabled = entry.take_flag("disabled");
        let (pointer, metadata) = entry.finish();
        let (id, metadata) = (id?, metadata?);
        Some(Self { pointer, id, secret, metadata, require_pkce, skip_consent, disabled })
    }

    /// The `client_id`.
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// The JSON pointer to a member.
    pub fn at(&self, name: &str) -> String {
        pointer(&self.pointer, name)
    }

    /// Whether it requires a secret.
    pub fn needs_secret(&self) -> bool {
        needs_secret(&self.metadata)
    }

    /// A client that changes its own registration does not change what only the operator sets.
    pub(crate) fn keep_what_the_operator_set(&mut self, stored: &Client) {
        self.metadata.one_resource_per_token = stored.metadata.one_resource_per_token;
        self.require_pkce = stored.require_pkce;
        self.skip_consent = stored.skip_consent;
        self.disabled = stored.caller.disabled;
    }

    pub(super) fn needs(&self) -> Needs {
        Needs::of(&self.metadata)
    }
}

fn needs_secret(metadata: &ClientMetadata) -> bool {
    metadata.auth_method().starts_with("client_secret_") || Needs::of(metadata).itself
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::Settings;

    /// The errors of these members for this registrar.
    fn wrongs(registrar: Registrar, members: Value) -> Vec<String> {
        let settings = Settings::new("https://id.example").expect("an issuer");
        let mut findings = Findings::default();
        ClientRegistration::read(String::new(), members, &Rules::new(&settings, registrar), &mut findings);
        findings.wrongs.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_answer_to_a_registration_is_registered_as_it_is() {
        let settings = Settings::new("https://id.example").expect("an issuer");
        let answer = json!({
            "client_id": "a", "client_secret": "a-secret-of-22-characters-or-more", "redirect_uris": ["https://a.example/"],
            "client_id_issued_at": 2_893_256_800_u64, "client_secret_expires_at": 0,
            "registration_access_token": "reg-23410913-abewfq.123483",
            "registration_client_uri": "https://server.example/connect/register?client_id=a",
            "software_statement": "x".repeat(10_000),
        });
        let (rules, mut findings) = (Rules::new(&settings, Registrar::Operator), Findings::default());
        let read = ClientRegistration::read(String::new(), answer, &rules, &mut findings).expect("valid");
        assert_eq!((findings.wrongs.len(), findings.warnings.len()), (0, 0), "{findings:?}");
        let kept: Vec<&str> = read.metadata.other.keys().map(String::as_str).collect();
        let expected = [
            "client_id_issued_at",
            "client_secret_expires_at",
            "registration_client_uri",
            "software_statement",
        ];
        assert_eq!(kept, expected, "and not the access token");
    }

    #[test]
    fn what_a_registration_excuses_from_is_told() {
        let settings = Settings::new("https://id.example").expect("an issuer");
        let warnings = |members: Value| {
            let (rules, mut findings) = (Rules::new(&settings, Registrar::Operator), Findings::default());
            ClientRegistration::read(String::new(), members, &rules, &mut findings);
            findings.warnings.iter().map(|warning| warning.pointer.clone()).collect::<Vec<_>>()
        };
        let members = |name: &str, value: Value| json!({ "client_id": "a", "redirect_uris": ["https://a.example/"], name: value });
        assert_eq!(warnings(members("require_pkce", json!(true))), [""; 0]);
        assert_eq!(warnings(members("require_pkce", json!(false))), ["/require_pkce"]);
        assert_eq!(warnings(members("client_secret_expires_at", json!(1))), ["/client_secret_expires_at"]);
    }

    #[test]
    fn only_the_operator_sets_what_is_the_operators() {
        let members =
            json!({ "client_id": "a", "skip_consent": true, "redirect_uris": ["https://a.example/"] });
        assert_eq!(wrongs(Registrar::Operator, members.clone()), [""; 0]);
        assert_eq!(
            wrongs(Registrar::Client(ClientId::new("drawn")), members),
            ["/client_id: only the operator may set this", "/skip_consent: only the operator may set this"]
        );
    }

    #[test]
    fn only_the_operator_gives_a_scope_that_administers() {
        let members =
            json!({ "client_id": "a", "scope": "passavant.admin", "grant_types": ["client_credentials"] });
        assert_eq!(wrongs(Registrar::Operator, members.clone()), [""; 0]);
        assert!(
            wrongs(Registrar::Client(ClientId::new("drawn")), members)
                .iter()
                .any(|wrong| wrong.starts_with("/scope: "))
        );
    }

    #[test]
    fn only_a_development_installation_takes_a_short_secret() {
        let members = json!({ "client_id": "a", "client_secret": "short" });
        assert_eq!(wrongs(Registrar::Development, members.clone()), [""; 0]);
        assert_eq!(
            wrongs(Registrar::Operator, members),
            ["/client_secret: must have at least 22 characters"]
        );
    }
}
