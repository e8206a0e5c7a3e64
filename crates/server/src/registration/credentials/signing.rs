//! Registered signature algorithms for which this server has no key.

use jose::SignatureAlgorithm;

use super::Credentials;
use crate::registration::{
    client::ClientRegistration,
    finding::{Finding, Findings},
    resource::ResourceRegistration,
};

/// The algorithm of introspection answers, of a client and of a resource (RFC 9701 §6).
const INTROSPECTION: &str = "introspection_signed_response_alg";

impl Credentials<'_> {
    /// A symmetric algorithm is keyed by the client's secret.
    pub(super) fn warn_of_client_signatures(&self, entry: &ClientRegistration, findings: &mut Findings) {
        let metadata = &entry.metadata;
        for (name, registered) in [
            ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
            ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
            ("authorization_signed_response_alg", &metadata.authorization_signed_response_alg),
        ] {
            if let Some(algorithm) = self.without_key(registered).filter(|known| !known.is_symmetric()) {
                findings.warn(Finding::new(entry.at(name), no_key(algorithm)));
            }
        }
        if let Some(text) = self.unsigned_introspection(&metadata.introspection_signed_response_alg) {
            findings.warn(Finding::new(entry.at(INTROSPECTION), text));
        }
    }

    pub(super) fn warn_of_resource_signatures(&self, entry: &ResourceRegistration, findings: &mut Findings) {
        let settings = &entry.settings;
        if let Some(text) = self.unsigned_introspection(&settings.introspection_signed_response_alg) {
            findings.warn(Finding::new(entry.at(INTROSPECTION), text));
        }
        let access_token = self.without_key(&settings.access_token_signing_alg);
        if let Some(algorithm) = access_token.filter(|known| !known.is_symmetric()) {
            findings.warn(Finding::new(entry.at("access_token_signing_alg"), no_key(algorithm)));
        }
    }

    /// An introspection answer is signed by the server's key (RFC 9701 §5), never by a secret.
    fn unsigned_introspection(&self, registered: &Option<String>) -> Option<String> {
        let algorithm = self.without_key(registered)?;
        Some(match algorithm.is_symmetric() {
            true => format!("`{algorithm}` is stored, but not supported here"),
            false => no_key(algorithm),
        })
    }

    /// A known registered algorithm for which there is no key.
    fn without_key(&self, registered: &Option<String>) -> Option<SignatureAlgorithm> {
        let algorithm = registered.as_deref().and_then(SignatureAlgorithm::parse)?;
        (!self.view.signing.contains(&algorithm)).then_some(algorithm)
    }
}

fn no_key(algorithm: SignatureAlgorithm) -> String {
    format!("no key signs with {algorithm} yet: passavant key rotate --alg {algorithm} makes one")
}
