//! The key ring: keys that will sign, that sign, and that are retired but still published.

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
    /// The key ring as stored.
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

    /// Makes the missing keys. Called once at start; a concurrent start finds them already there.
    ///
    /// # Errors
    /// The store's, and one for a stored key that can't be decrypted with the master key.
    pub async fn ensure_keys(&self) -> Result<(), Fault> {
        let known = self.store().keys().await?;
        for algorithm in FIRST_ALGORITHMS {
            if !known.iter().any(|key| key.algorithm == algorithm && key.state == KeyState::Active) {
                self.add_key(algorithm, KeyState::Active).await?;
            }
        }
        self.keys().await.map(drop)
    }

    /// Makes a key and returns its `kid`.
    ///
    /// # Errors
    /// The store's.
    pub async fn add_key(&self, algorithm: SignatureAlgorithm, state: KeyState) -> Result<String, Fault> {
        let record = self.make_key(algorithm, state)?;
        let kid = record.kid.clone();
        self.write(Commit::new(self.now()).with(KeyChange::Add(record))).await?;
        Ok(kid)
    }

    /// Rotates: a new key of this algorithm signs from now on; the previous one stays published for a week.
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

    /// Deletes at most `limit` keys whose last signature has expired long ago, and returns how many. The cached ring
    /// knows when each is due, so nothing is read or written before that.
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
