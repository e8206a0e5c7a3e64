//! Secrets of clients and resources: made, brought, and kept as their owner needs them.

use jose::KeyManagement;
use protocol::{ClientId, limits};
use serde_json::Value;
use server::{
    Fault,
    ports::{Entropy as _, SystemEntropy},
};

use zeroize::Zeroizing;

use crate::{
    cli::{Failure, input::Source, output::misused},
    wiring::Installation,
};

/// Whether a resource that authenticates by this id works only with the secret itself.
pub(in crate::cli) async fn is_needed_by_resource(
    installation: &Installation,
    id: &ClientId,
) -> Result<bool, Fault> {
    let resources = installation.server.store().resources().await?;
    Ok(resources
        .iter()
        .filter(|resource| resource.caller.as_ref().is_some_and(|caller| caller.id == *id))
        .filter_map(|resource| serde_json::to_value(&resource.settings).ok())
        .any(|settings| needs_secret_itself(&settings)))
}

/// Whether a registered method works only with the secret itself: a MAC or an encryption keyed by it.
pub(in crate::cli) fn needs_secret_itself(members: &Value) -> bool {
    members.as_object().into_iter().flatten().any(|(name, value)| match value.as_str() {
        Some("client_secret_jwt") => name == "token_endpoint_auth_method",
        Some(algorithm) if name.ends_with("_alg") => {
            algorithm.starts_with("HS")
                || KeyManagement::parse(algorithm).is_some_and(|alg| alg.is_symmetric())
        }
        Some(_) | None => false,
    })
}

/// A secret that the operator brings.
pub(in crate::cli) fn given_secret(source: &Source) -> Result<Zeroizing<String>, Failure> {
    let secret = source.read("a secret", limits::CLIENT_SECRET_BYTES_MAX)?;
    if secret.chars().count() < limits::CLIENT_SECRET_CHARS_MIN {
        let least = limits::CLIENT_SECRET_CHARS_MIN;
        return Err(misused(format_args!("a secret has at least {least} characters")));
    }
    Ok(secret)
}

/// 256 bits, with a prefix by which scanners find secrets that got where they do not belong.
pub(in crate::cli) fn draw_secret() -> Zeroizing<String> {
    let mut chance = Zeroizing::new([0; 32]);
    SystemEntropy.fill(&mut *chance);
    Zeroizing::new(format!("pvs_{}", jose::base64url::encode(&*chance)))
}

/// 128 bits.
pub(in crate::cli) fn draw_id() -> String {
    let mut chance = [0; 16];
    SystemEntropy.fill(&mut chance);
    jose::base64url::encode(&chance)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_needs_the_secret_itself_has_it_kept() {
        for (members, needed) in [
            (json!({"token_endpoint_auth_method": "client_secret_basic"}), false),
            (json!({"token_endpoint_auth_method": "client_secret_jwt"}), true),
            (json!({"id_token_signed_response_alg": "HS256"}), true),
            (json!({"id_token_signed_response_alg": "ES256"}), false),
            (json!({"userinfo_encrypted_response_alg": "dir"}), true),
            (json!({"userinfo_encrypted_response_alg": "RSA-OAEP"}), false),
            (json!({"client_name": "HS256"}), false),
        ] {
            assert_eq!(needs_secret_itself(&members), needed, "{members}");
        }
    }

    #[test]
    fn a_made_secret_has_256_bits_and_the_prefix() {
        let secret = draw_secret();
        assert_eq!((&secret[..4], secret.len()), ("pvs_", 4 + 43));
        assert_ne!(secret, draw_secret());
    }
}
