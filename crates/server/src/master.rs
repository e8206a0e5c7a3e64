//! The master key and what is derived from it. Nothing that must stay secret is stored in the clear.

use jose::primitives::{HmacKey, constant_time_eq, hkdf_sha256, open, seal};
use protocol::ClientId;
use zeroize::Zeroizing;

use crate::store::StoredSecret;

/// The name of the derived key that makes refresh token successors; it stands in each family's row.
pub const REFRESH_KEY: u32 = 1;

/// Keys derived (HKDF-SHA-256) from the 32 bytes that the operator keeps.
pub struct MasterKey {
    client_secrets: HmacKey,
    sealing: Zeroizing<[u8; 32]>,
    refresh: Zeroizing<[u8; 32]>,
    forms: HmacKey,
}

impl MasterKey {
    /// Derives everything from the master key.
    pub fn new(master: &[u8; 32]) -> Self {
        let derive = |purpose: &str| Zeroizing::new(hkdf_sha256(master, purpose));
        Self {
            client_secrets: HmacKey::new(&*derive("passavant client secrets 1")),
            sealing: derive("passavant sealing 1"),
            refresh: derive("passavant refresh successors 1"),
            forms: HmacKey::new(&*derive("passavant forms 1")),
        }
    }

    /// What is stored of a client secret; sealed as well where `recoverable`, because a registered method needs the
    /// secret itself.
    pub fn store_secret(&self, id: &ClientId, secret: &str, recoverable: bool) -> StoredSecret {
        StoredSecret {
            digest: self.digest_secret(id, secret.as_bytes()),
            sealed: recoverable.then(|| self.seal(id.as_str(), secret.as_bytes())),
        }
    }

    /// Whether this is the secret that was stored. In constant time.
    pub fn is_secret(&self, id: &ClientId, secret: &[u8], stored: &StoredSecret) -> bool {
        constant_time_eq(&self.digest_secret(id, secret), &stored.digest)
    }

    /// The secret itself, where it was kept recoverable.
    pub fn recover_secret(&self, id: &ClientId, stored: &StoredSecret) -> Option<Zeroizing<Vec<u8>>> {
        self.open(id.as_str(), stored.sealed.as_deref()?)
    }

    /// Encrypts for the store; `purpose` must be named again to open.
    pub fn seal(&self, purpose: &str, plaintext: &[u8]) -> Vec<u8> {
        seal(&self.sealing, purpose.as_bytes(), plaintext)
    }

    /// Opens what [`Self::seal`] made under the same master key and purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        open(&self.sealing, purpose.as_bytes(), sealed)
    }

    /// The key that makes successors of refresh tokens, by the name in the family's row.
    pub fn refresh_key(&self, name: u32) -> Option<&[u8; 32]> {
        (name == REFRESH_KEY).then_some(&*self.refresh)
    }

    /// A token for a form, bound to what only this browser and this form have.
    pub fn form_token(&self, bound_to: &[u8]) -> String {
        jose::base64url::encode(&self.forms.sign(&[bound_to]))
    }

    fn digest_secret(&self, id: &ClientId, secret: &[u8]) -> [u8; 32] {
        // No client id holds a NUL, so no two pairs run together.
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
