//! Secrets of clients and resources: made, brought, and kept as their owner needs them.

use protocol::{ClientId, limits};
use server::{
    Fault,
    ports::{Entropy as _, SystemEntropy},
};

use zeroize::Zeroizing;

use crate::{
    terminal::{Failure, Source, misused},
    wiring::Installation,
};

pub(crate) use crate::world::needs_secret_itself;

/// Whether a resource that authenticates by this id works only with the secret itself.
pub(crate) async fn is_needed_by_resource(installation: &Installation, id: &ClientId) -> Result<bool, Fault> {
    let resources = installation.server.store().resources().await?;
    Ok(resources
        .iter()
        .filter(|resource| resource.caller.as_ref().is_some_and(|caller| caller.id == *id))
        .filter_map(|resource| serde_json::to_value(&resource.settings).ok())
        .any(|settings| needs_secret_itself(&settings)))
}

/// A secret that the operator brings.
pub(crate) fn given_secret(source: &Source) -> Result<Zeroizing<String>, Failure> {
    let secret = source.read("a secret", limits::CLIENT_SECRET_BYTES_MAX)?;
    if secret.chars().count() < limits::CLIENT_SECRET_CHARS_MIN {
        let least = limits::CLIENT_SECRET_CHARS_MIN;
        return Err(misused(format_args!("a secret has at least {least} characters")));
    }
    Ok(secret)
}

/// 256 bits, with a prefix by which scanners find secrets that got where they do not belong.
pub(crate) fn draw_secret() -> Zeroizing<String> {
    let mut chance = Zeroizing::new([0; 32]);
    SystemEntropy.fill(&mut *chance);
    Zeroizing::new(format!("pvs_{}", jose::base64url::encode(&*chance)))
}

/// 128 bits.
pub(crate) fn draw_id() -> String {
    let mut chance = [0; 16];
    SystemEntropy.fill(&mut chance);
    jose::base64url::encode(&chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_secret_has_256_bits_and_the_prefix() {
        let secret = draw_secret();
        assert_eq!((&secret[..4], secret.len()), ("pvs_", 4 + 43));
        assert_ne!(secret, draw_secret());
    }
}
