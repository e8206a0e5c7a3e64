//! Signing keys.

use jose::SignatureAlgorithm;
use server::store::{KeyRecord, KeyState};

use crate::{administration::Administration, error::OperationError};

/// Makes new signing keys. Those before stay published until their signatures have expired.
#[derive(Clone, Debug)]
pub struct RotateKeys {
    /// For this algorithm; without one, for every algorithm that signs now.
    pub algorithm: Option<SignatureAlgorithm>,
}

impl RotateKeys {
    /// Does it; answers the new keys.
    ///
    /// # Errors
    /// The store's.
    pub async fn run(self, administration: &Administration) -> Result<Vec<KeyRecord>, OperationError> {
        let server = &administration.server;
        let mut algorithms = Vec::from_iter(self.algorithm);
        if algorithms.is_empty() {
            // The first rotation may come before the first start, which is when the keys are made.
            server.ensure_keys().await?;
            let active = server.store().keys().await?.into_iter().filter(|key| key.state == KeyState::Active);
            algorithms = active.map(|key| key.algorithm).collect();
            algorithms.sort_unstable();
            algorithms.dedup();
        }
        let mut made = Vec::new();
        for algorithm in algorithms {
            made.push(server.rotate_key(algorithm).await?);
        }
        let mut keys = server.store().keys().await?;
        keys.retain(|key| made.contains(&key.kid));
        Ok(keys)
    }
}
