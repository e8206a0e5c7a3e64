//! The master key and the keys derived from it. Nothing secret is stored unencrypted.

use jose::primitives::{HmacKey, constant_time_eq, hkdf_sha256, open, seal};
use protocol::{ClientId, SessionId, Subject, proof::Nonces};
use zeroize::Zeroizing;

use crate::store::StoredSecret;

/// The name of the derived key that makes refresh token successors; it is stored with each family.
pub const REFRESH_KEY: u32 = 1;

/// Keys derived (HKDF-SHA-256) from the operator's master key of 32 bytes.
pub struct MasterKey {
    client_secrets: HmacKey,
    sealing: Zeroizing<[u8; 32]>,
    refresh: Zeroizing<[u8; 32]>,
    forms: HmacKey,
    browsers: HmacKey,
    sessions: HmacKey,
    subjects: HmacKey,
    dpop_nonces: Nonces,
}

impl MasterKey {
    /// Derives the keys.
    pub fn new(master: &[u8; 32]) -> Self {
        let derive = |purpose: &str| Zeroizing::new(hkdf_sha256(master, purpose));
        Self {
            client_secrets: HmacKey::new(&*derive("passavant client secrets 1")),
            sealing: derive("passavant sealing 1"),
            refresh: derive("passavant refresh successors 1"),
            forms: HmacKey::new(&*derive("passavant forms 1")),
            browsers: HmacKey::new(&*derive("passavant known browsers 1")),
            sessions: HmacKey::new(&*derive("passavant sessions 1")),
            subjects: HmacKey::new(&*derive("passavant pairwise subjects 1")),
            dpop_nonces: Nonces::of_key(&derive("passavant DPoP nonces 1")),
        }
    }

    /// The stored form of a client secret. It includes the encrypted secret if `recoverable`, since some registered
    /// methods need the secret itself.
    pub fn store_secret(&self, id: &ClientId, secret: &str, recoverable: bool) -> StoredSecret {
        StoredSecret {
            digest: self.digest_secret(id, secret.as_bytes()),
            sealed: recoverable.then(|| self.seal(id.as_str(), secret.as_bytes())),
        }
    }

    /// Whether this is the stored secret, in constant time.
    pub fn is_secret(&self, id: &ClientId, secret: &[u8], stored: &StoredSecret) -> bool {
        constant_time_eq(&self.digest_secret(id, secret), &stored.digest)
    }

    /// The secret itself, if it was stored recoverable.
    pub fn recover_secret(&self, id: &ClientId, stored: &StoredSecret) -> Option<Zeroizing<Vec<u8>>> {
        self.open(id.as_str(), stored.sealed.as_deref()?)
    }

    /// Encrypts a value for the store; opening it needs the same `purpose`.
    pub fn seal(&self, purpose: &str, plaintext: &[u8]) -> Vec<u8> {
        seal(&self.sealing, purpose.as_bytes(), plaintext)
    }

    /// Decrypts what [`Self::seal`] encrypted with the same master key and purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        open(&self.sealing, purpose.as_bytes(), sealed)
    }

    /// The key that makes successors of refresh tokens, by the name stored with the family.
    pub fn refresh_key(&self, name: u32) -> Option<&[u8; 32]> {
        (name == REFRESH_KEY).then_some(&*self.refresh)
    }

    /// A CSRF token for a form, bound to values that only this browser and this form have.
    pub fn form_token(&self, bound_to: &[u8]) -> String {
        jose::base64url::encode(&self.forms.sign(&[bound_to]))
    }

    /// What a browser shows to be known for an account. Both have a fixed place, since the id has a fixed length.
    pub(crate) fn browser_code(&self, browser: &[u8; 16], account: &str) -> [u8; 16] {
        let mut code = [0; 16];
        code.copy_from_slice(&self.browsers.sign(&[browser, account.as_bytes()])[..16]);
        code
    }

    /// What a browser shows to have had a session, whatever secret that has now.
    pub(crate) fn session_code(&self, session: SessionId) -> [u8; 16] {
        let mut code = [0; 16];
        code.copy_from_slice(&self.sessions.sign(&[&session.0.to_be_bytes()])[..16]);
        code
    }

    /// The nonces of DPoP proofs, which every node with the same master key accepts (RFC 9449 §8).
    pub(crate) fn dpop_nonces(&self) -> &Nonces {
        &self.dpop_nonces
    }

    /// The `sub` of a user at the clients of a sector (OpenID Connect Core 1.0 §8.1). No host and no id contains a NUL.
    pub(crate) fn pairwise_subject(&self, sector: &str, subject: &Subject) -> String {
        let inputs = [sector.as_bytes(), &[0], subject.as_str().as_bytes()];
        jose::base64url::encode(&self.subjects.sign(&inputs))
    }

    fn digest_secret(&self, id: &ClientId, secret: &[u8]) -> [u8; 32] {
        // No client id contains a NUL, so no two pairs give the same input.
        self.client_secrets.sign(&[id.as_str().as_bytes(), &[0], secret])
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_secret_knows_its_secret_and_its_client() {
        let key = MasterKey::new(&[7; 32]);
        let (shop, other) = (ClientId::new("shop"), ClientId::new("other"));
        let stored = key.store_secret(&shop, "a-secret-of-22-characters", true);
        assert!(key.is_secret(&shop, b"a-secret-of-22-characters", &stored));
        assert!(!key.is_secret(&shop, b"a-secret-of-22-characterS", &stored));
        assert!(!key.is_secret(&other, b"a-secret-of-22-characters", &stored));
        assert_eq!(
            key.recover_secret(&shop, &stored).expect("kept").as_slice(),
            b"a-secret-of-22-characters"
        );
        assert_eq!(key.recover_secret(&other, &stored), None);
    }

    #[test]
    fn a_secret_is_recoverable_only_on_demand() {
        let key = MasterKey::new(&[7; 32]);
        assert_eq!(key.store_secret(&ClientId::new("shop"), "x", false).sealed, None);
    }
}
