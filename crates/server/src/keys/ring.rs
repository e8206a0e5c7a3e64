//! The parsed keys of one issuer, and their cache.

use std::sync::{Arc, RwLock};

use jose::{JwkSet, SignatureAlgorithm, SigningKey, VerifyingKey};
use protocol::Timestamp;

use crate::{
    error::Fault,
    master::MasterKey,
    store::{KeyRecord, KeyState},
};

/// Seconds that a key stays published after its last signature. Longer than any signature is verified: the lifetime of a
/// token is minutes, a day at most, and an expired ID token is accepted as a hint for no longer than a session lasts.
const RETIRED_KEPT_SECONDS: i64 = 7 * 86_400;

/// The parsed keys of one issuer.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<(KeyState, SigningKey)>,
    retired: Vec<(Timestamp, String)>,
    jwks: JwkSet,
}

impl KeyRing {
    pub(super) fn open(master: &MasterKey, records: Vec<KeyRecord>) -> Result<Self, Fault> {
        let mut keys = Vec::with_capacity(records.len());
        let mut retired = Vec::new();
        for record in records {
            let private = master
                .open(&record.kid, &record.sealed)
                .ok_or_else(|| Fault::new("a signing key can't be decrypted with this master key"))?;
            let key = SigningKey::from_private_jwk(&private, record.algorithm).map_err(Fault::new)?;
            keys.push((record.state, key));
            if let (KeyState::Retiring, Some(at)) = (record.state, record.retired_at) {
                retired.push((at, record.kid));
            }
        }
        let jwks = keys.iter().filter_map(|(_, key)| key.public_jwk().cloned()).collect();
        Ok(Self { jwks: JwkSet::new(jwks).map_err(Fault::new)?, keys, retired })
    }

    /// The key that currently signs with this algorithm.
    pub fn signing(&self, algorithm: SignatureAlgorithm) -> Option<&SigningKey> {
        let active = |(state, key): &&(KeyState, SigningKey)| {
            *state == KeyState::Active && key.algorithm() == algorithm
        };
        self.keys.iter().find(active).map(|(_, key)| key)
    }

    /// The key with this `kid`, in any state: its signatures are valid for longer than it signs.
    pub fn verifying(&self, kid: &str) -> Option<VerifyingKey> {
        self.keys.iter().find(|(_, key)| key.kid() == kid).map(|(_, key)| key.verifying_key())
    }

    /// The public keys, as published.
    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }

    /// The algorithms that a key currently signs with.
    pub fn algorithms(&self) -> Vec<&'static str> {
        let active = self.keys.iter().filter(|(state, _)| *state == KeyState::Active);
        active.map(|(_, key)| key.algorithm().as_str()).collect()
    }

    /// The keys that were retired more than [`RETIRED_KEPT_SECONDS`] ago.
    pub(super) fn outlived(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let due = self.retired.iter().filter(move |(at, _)| now.since(*at) > RETIRED_KEPT_SECONDS);
        due.map(|(_, kid)| &**kid)
    }
}

/// The ring at a version of the registry.
#[derive(Default)]
pub(crate) struct KeptKeys(pub(super) RwLock<Option<(i64, Arc<KeyRing>)>>);
