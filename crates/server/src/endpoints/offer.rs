//! What a server supports, for the parts of its metadata (RFC 8414 §2).

use jose::{ContentEncryption, KeyManagement, SignatureAlgorithm};
use protocol::ClientAuthMethod;

use crate::{context::Installed, keys::KeyRing};

/// What the metadata document is made from. Keys change while the server runs.
pub struct Offer<'a> {
    /// The URL of the described endpoint.
    pub url: &'a str,
    pub(crate) grant_types: &'a [&'static str],
    pub(crate) installed: &'a Installed,
    pub(crate) keys: &'a KeyRing,
}

impl Offer<'_> {
    /// The client authentication methods that `clients.rs` accepts, with `none` if the endpoint is open to public
    /// clients.
    pub(crate) fn client_auth_methods(&self, public: bool) -> Vec<String> {
        use ClientAuthMethod::{None, SelfSignedTlsClientAuth, TlsClientAuth};
        let is_served = |method: &&ClientAuthMethod| match **method {
            None => public,
            TlsClientAuth | SelfSignedTlsClientAuth => self.installed.mutual_tls,
            _ => true,
        };
        let methods = ClientAuthMethod::ALL.iter().filter(is_served);
        names(methods.map(|method| method.as_str()))
    }

    /// The signature algorithms of client assertions.
    pub(crate) fn assertion_algorithms() -> Vec<String> {
        names(SignatureAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()))
    }

    /// The signature algorithms of the server's keys.
    pub(crate) fn signing_algorithms(&self) -> Vec<String> {
        names(self.keys.algorithms())
    }

    /// The signature algorithms for a client, including those that are keyed by its secret.
    pub(crate) fn client_signing_algorithms(&self) -> Vec<String> {
        let with_secrets = [SignatureAlgorithm::Hs256, SignatureAlgorithm::Hs384, SignatureAlgorithm::Hs512];
        let mut algorithms = self.signing_algorithms();
        algorithms.extend(with_secrets.map(|algorithm| algorithm.as_str().to_owned()));
        algorithms
    }

    /// The key management algorithms of encrypted JWTs.
    pub(crate) fn encryption_algorithms() -> Vec<String> {
        names(KeyManagement::ALL.iter().filter(|alg| !alg.is_symmetric()).map(|alg| alg.as_str()))
    }

    /// The content encryption algorithms of encrypted JWTs.
    pub(crate) fn content_encryptions() -> Vec<String> {
        names(ContentEncryption::ALL.iter().map(|enc| enc.as_str()))
    }
}

/// Names as the document lists them.
pub(crate) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
