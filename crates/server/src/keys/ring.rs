//! The parsed keys of one issuer, and their cache.

use std::sync::{Arc, RwLock};

use jose::{JwkSet, SignatureAlgorithm, SigningKey, VerifyingKey};

use crate::{
    error::Fault,
    master::MasterKey,
    store::{KeyRecord, KeyState},
};

/// The parsed keys of one issuer.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<SigningKey>,
    /// Of each key, in the same order.
    records: Vec<KeyRecord>,
    jwks: JwkSet,
}

impl KeyRing {
    pub(super) fn open(master: &MasterKey, records: Vec<KeyRecord>) -> Result<Self, Fault> {
        let mut keys = Vec::with_capacity(records.len());
        for record in &records {
            let private = master
                .open(&record.kid, &record.sealed)
                .ok_or_else(|| Fault::new("a signing key can't be decrypted with this master key"))?;
            keys.push(SigningKey::from_private_jwk(&private, record.algorithm).map_err(Fault::new)?);
        }
        let jwks = keys.iter().filter_map(|key| key.public_jwk().cloned()).collect();
        Ok(Self { jwks: JwkSet::new(jwks).map_err(Fault::new)?, keys, records })
    }

    /// The key that currently signs with this algorithm.
    pub fn signing(&self, algorithm: SignatureAlgorithm) -> Option<&SigningKey> {
        let keys = self.records.iter().zip(&self.keys);
        let active =
            keys.filter(|(record, _)| record.state == KeyState::Active && record.algorithm == algorithm);
        active.max_by_key(|(record, _)| record.active_at).map(|(_, key)| key)
    }

    /// The key with this `kid`, in any state: its signatures are valid for longer than it signs.
    pub fn verifying(&self, kid: &str) -> Option<VerifyingKey> {
        self.keys.iter().find(|key| key.kid() == kid).map(SigningKey::verifying_key)
    }

    /// The public keys, as published.
    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }

    /// The algorithms that a key currently signs with.
    pub fn algorithms(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for record in self.records.iter().filter(|record| record.state == KeyState::Active) {
            // Two keys of one algorithm sign where two processes made the first.
            if !names.contains(&record.algorithm.as_str()) {
                names.push(record.algorithm.as_str());
            }
        }
        names
    }

    /// The keys as they are stored.
    pub(super) fn records(&self) -> &[KeyRecord] {
        &self.records
    }
}

/// The ring at a version of the registry.
#[derive(Default)]
pub(crate) struct KeptKeys(pub(super) RwLock<Option<(i64, Arc<KeyRing>)>>);
