//! Signing keys.

use jose::SignatureAlgorithm;
use server::{
    KeyRotation, KeyStart,
    store::{KeyRecord, KeyState},
};

use super::settle::{Decision, settle};
use crate::{
    administration::Administration,
    error::{Noun, OperationError},
    writer::Changes,
};

/// Makes new signing keys. Those before stay published until their signatures have expired.
#[derive(Clone, Debug)]
pub struct RotateKeys {
    /// For this algorithm; without one, for every algorithm that signs now.
    pub algorithm: Option<SignatureAlgorithm>,
    /// When they sign.
    pub start: KeyStart,
}

impl RotateKeys {
    /// Does it; answers the keys that sign, or will sign.
    ///
    /// # Errors
    /// The store's.
    pub async fn run(self, administration: &Administration) -> Result<Vec<KeyRecord>, OperationError> {
        if self.algorithm.is_none() {
            // The first rotation may come before the first start, which is when the keys are made.
            administration.server.ensure_keys().await?;
        }
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(
        &self,
        administration: &Administration,
    ) -> Result<Decision<Vec<KeyRecord>>, OperationError> {
        let server = &administration.server;
        let mut algorithms = Vec::from_iter(self.algorithm);
        if algorithms.is_empty() {
            let active = server.store().keys().await?.into_iter().filter(|key| key.state == KeyState::Active);
            algorithms = active.map(|key| key.algorithm).collect();
            algorithms.sort_unstable();
            algorithms.dedup();
        }
        let (mut changes, mut keys) = (Changes::new(server), Vec::new());
        for algorithm in algorithms {
            let KeyRotation { key, changes: rotating } = server.key_rotation(algorithm, self.start).await?;
            rotating.into_iter().for_each(|change| changes.push(change));
            keys.push(key);
        }
        Ok(Decision { changes, answer: keys })
    }
}

/// Ends the trust in a signing key at once: it is deleted, and what it signed is not valid anymore. Another key signs in
/// its place.
#[derive(Clone, Debug)]
pub struct DistrustKey {
    /// Which.
    pub kid: String,
}

impl DistrustKey {
    /// Does it; answers the key that signs in its place, where it was the one that signed.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Option<KeyRecord>, OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(
        &self,
        administration: &Administration,
    ) -> Result<Decision<Option<KeyRecord>>, OperationError> {
        let found = administration.server.key_distrust(&self.kid).await?;
        let distrust =
            found.ok_or_else(|| OperationError::NotFound { kind: Noun::SigningKey, id: self.kid.clone() })?;
        let mut changes = Changes::new(&administration.server);
        distrust.changes.into_iter().for_each(|change| changes.push(change));
        Ok(Decision { changes, answer: distrust.successor })
    }
}
