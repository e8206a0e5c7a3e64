//! What a server offers, for whoever writes a part of its metadata (RFC 8414 §2).

use jose::{ContentEncryption, KeyManagement, SignatureAlgorithm};
use protocol::ClientAuthMethod;

use crate::keys::KeyRing;

/// What the metadata document is made from. Keys change while the server runs.
pub struct Offer<'a> {
    /// Where the endpoint is that is described.
    pub url: &'a str,
    pub(crate) grant_types: &'a [&'static str],
    pub(crate) keys: &'a KeyRing,
}

impl Offer<'_> {
    /// `client_secret_basic`, `private_key_jwt` and the others that `clients.rs` takes, with `none` where public clients
    /// are served.
    pub(crate) fn client_auth_methods(public: bool) -> Vec<String> {
        let methods =
            ClientAuthMethod::ALL.iter().filter(|method| public || **method != ClientAuthMethod::None);
        names(methods.map(|method| method.as_str()))
    }

    /// With what a client may sign its assertion.
    pub(crate) fn assertion_algorithms() -> Vec<String> {
        names(SignatureAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()))
    }

    /// With what the server signs.
    pub(crate) fn signing_algorithms(&self) -> Vec<String> {
        names(self.keys.algorithms())
    }

    /// With what the server signs for a client, whose secret may be the key.
    pub(crate) fn client_signing_algorithms(&self) -> Vec<String> {
        let with_secrets = [SignatureAlgorithm::Hs256, SignatureAlgorithm::Hs384, SignatureAlgorithm::Hs512];
        let mut algorithms = self.signing_algorithms();
        algorithms.extend(with_secrets.map(|algorithm| algorithm.as_str().to_owned()));
        algorithms
    }

    /// How the key of an encrypted JWT is agreed on.
    pub(crate) fn encryption_algorithms() -> Vec<String> {
        names(KeyManagement::ALL.iter().filter(|alg| !alg.is_symmetric()).map(|alg| alg.as_str()))
    }

    /// How the content of a JWT is encrypted.
    pub(crate) fn content_encryptions() -> Vec<String> {
        names(ContentEncryption::ALL.iter().map(|enc| enc.as_str()))
    }
}

/// Names as the document lists them.
pub(crate) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
