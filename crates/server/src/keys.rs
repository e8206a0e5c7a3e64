//! The key ring: keys that are about to sign, that sign, and whose signatures still live.

mod ring;

use std::sync::Arc;

use jose::{SignatureAlgorithm, SigningKey};

pub use ring::KeyRing;

pub(crate) use ring::KeptKeys;

use crate::{
    AuthorizationServer,
    error::Fault,
    settings::FIRST_ALGORITHMS,
    store::{Commit, KeyChange, KeyRecord, KeyState},
};

impl AuthorizationServer {
    /// The key ring as the store has it.
    pub(crate) async fn keys(&self) -> Result<Arc<KeyRing>, Fault> {
        let version = self.store().registry_version()?;
        {
            let kept = self.kept_keys().0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some((at, ring)) = &*kept
                && *at == version
            {
                return Ok(ring.clone());
            }
        }
        let ring = Arc::new(KeyRing::open(self.master(), self.store().keys().await?)?);
        let mut kept = self.kept_keys().0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.as_ref().is_none_or(|(at, _)| *at <= version) {
            *kept = Some((version, ring.clone()));
        }
        Ok(ring)
    }

    /// Makes the keys that are missing. Called once at start; whoever comes second finds them there.
    ///
    /// # Errors
    /// The store's, and where a stored key does not open under the master key.
    pub async fn ensure_keys(&self) -> Result<(), Fault> {
        let known = self.store().keys().await?;
        for algorithm in FIRST_ALGORITHMS {
            if !known.iter().any(|key| key.algorithm == algorithm && key.state == KeyState::Active) {
                self.add_key(algorithm, KeyState::Active).await?;
            }
        }
        self.keys().await.map(drop)
    }

    /// Makes a key; answers its `kid`.
    ///
    /// # Errors
    /// The store's.
    pub async fn add_key(&self, algorithm: SignatureAlgorithm, state: KeyState) -> Result<String, Fault> {
        let record = self.make_key(algorithm, state)?;
        let kid = record.kid.clone();
        self.write(Commit::new(self.now()).with(KeyChange::Add(record))).await?;
        Ok(kid)
    }

    /// Rotates: a fresh key of this algorithm signs from now on, the one before stays published
    /// for a week.
    ///
    /// # Errors
    /// The store's.
    pub async fn rotate_key(&self, algorithm: SignatureAlgorithm) -> Result<String, Fault> {
        let before = self.store().keys().await?;
        let record = self.make_key(algorithm, KeyState::Active)?;
        let kid = record.kid.clone();
        let mut commit = Commit::new(self.now()).with(KeyChange::Add(record));
        for key in
            before.into_iter().filter(|key| key.algorithm == algorithm && key.state == KeyState::Active)
        {
            let retired_at = Some(self.now());
            commit.push(KeyChange::SetState { kid: key.kid, state: KeyState::Retiring, retired_at });
        }
        self.write(commit).await?;
        Ok(kid)
    }

    /// Deletes at most `limit` keys whose last signature has long expired; answers how many. The ring that is kept
    /// knows when each is due, so that nothing is read or written before.
    pub(crate) async fn delete_outlived_keys(&self, limit: u32) -> Result<u32, Fault> {
        let (ring, mut commit, mut deleted) = (self.keys().await?, Commit::new(self.now()), 0);
        for kid in ring.outlived(commit.now).take(limit as usize) {
            commit.writes.push(KeyChange::Delete(kid.to_owned()).into());
            deleted += 1;
        }
        if deleted > 0 {
            self.write(commit).await?;
        }
        Ok(deleted)
    }

    fn make_key(&self, algorithm: SignatureAlgorithm, state: KeyState) -> Result<KeyRecord, Fault> {
        let key = SigningKey::generate(algorithm).map_err(Fault::new)?;
        let private = key.to_private_jwk().map_err(Fault::new)?;
        let sealed = self.master().seal(key.kid(), private.as_bytes());
        let kid = key.kid().to_owned();
        Ok(KeyRecord { sealed, kid, algorithm, state, created_at: self.now(), retired_at: None })
    }
}
