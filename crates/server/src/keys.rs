//! The key ring: keys that will sign, that sign, and that are retired but still published.

mod ring;
mod rotation;

use std::sync::Arc;

use jose::{SignatureAlgorithm, SigningKey};

pub use ring::KeyRing;
pub use rotation::{JWKS_MAX_AGE_SECONDS, KeyDates, KeyStart, PUBLISHED_BEFORE_SIGNING_SECONDS};

pub(crate) use ring::KeptKeys;

use crate::{
    AuthorizationServer,
    error::Fault,
    settings::FIRST_ALGORITHMS,
    store::{Commit, KeyChange, KeyRecord, KeyState},
};
use rotation::Due;

/// How a new key takes over. Whoever decided it commits the changes; on a conflict it is decided again.
#[derive(Clone, Debug)]
pub struct KeyRotation {
    /// The key that signs, or will sign.
    pub key: KeyRecord,
    /// What is written; nothing where a successor is published already.
    pub changes: Vec<KeyChange>,
}

/// What the end of a key that is not trusted anymore changes, to be committed as a [`KeyRotation`] is.
#[derive(Clone, Debug)]
pub struct KeyDistrust {
    /// The key that signs in its place from now on, where it was the one that signed.
    pub successor: Option<KeyRecord>,
    /// What is written.
    pub changes: Vec<KeyChange>,
}

impl AuthorizationServer {
    /// The key ring as stored.
    pub(crate) async fn keys(&self) -> Result<Arc<KeyRing>, Fault> {
        let version = self.store().registry_version()?.rest;
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

    /// Makes the missing keys. Called once at start.
    ///
    /// # Errors
    /// The store's, and one for a stored key that can't be decrypted with the master key.
    pub async fn ensure_keys(&self) -> Result<(), Fault> {
        let known = self.store().keys().await?;
        let mut commit = Commit::new(self.now());
        for algorithm in FIRST_ALGORITHMS {
            if rotation::active(&known, algorithm).next().is_none() {
                commit.push(KeyChange::Add(self.make_key(algorithm, KeyStart::Now)?));
            }
        }
        if !commit.is_empty() {
            self.write(commit).await?;
        }
        self.keys().await.map(drop)
    }

    /// Decides how a new key of this algorithm takes over. The key before it stays published for a week.
    ///
    /// A key that is published already is not followed by another: it signs when it was going to, or now.
    ///
    /// # Errors
    /// The store's.
    pub async fn key_rotation(
        &self,
        algorithm: SignatureAlgorithm,
        start: KeyStart,
    ) -> Result<KeyRotation, Fault> {
        let (keys, now) = (self.store().keys().await?, self.now());
        let next = rotation::next(&keys, algorithm).cloned();
        Ok(match (next, start) {
            (Some(key), KeyStart::Published) => KeyRotation { key, changes: Vec::new() },
            (Some(next), KeyStart::Now) => {
                let changes = rotation::take_over(&keys, &next, now);
                let key = KeyRecord { state: KeyState::Active, active_at: now, ..next };
                KeyRotation { key, changes }
            }
            (None, KeyStart::Published) => {
                let key = self.make_key(algorithm, start)?;
                KeyRotation { changes: vec![KeyChange::Add(key.clone())], key }
            }
            (None, KeyStart::Now) => {
                let key = self.make_key(algorithm, start)?;
                let mut changes = vec![KeyChange::Add(key.clone())];
                changes.extend(rotation::retire(&keys, algorithm, now));
                KeyRotation { key, changes }
            }
        })
    }

    /// Decides the end of a key that is not trusted anymore: it is deleted, so that nothing that it signed is valid
    /// here, and another one signs in its place. `None` if there is no such key.
    ///
    /// # Errors
    /// The store's.
    pub async fn key_distrust(&self, kid: &str) -> Result<Option<KeyDistrust>, Fault> {
        let (keys, now) = (self.store().keys().await?, self.now());
        let Some(key) = keys.iter().find(|key| key.kid == kid) else { return Ok(None) };
        let mut changes = vec![KeyChange::Delete(key.kid.clone(), key.state)];
        let mut others = rotation::active(&keys, key.algorithm).filter(|other| other.kid != kid);
        if key.state != KeyState::Active || others.next().is_some() {
            return Ok(Some(KeyDistrust { successor: None, changes }));
        }
        let successor = match rotation::next(&keys, key.algorithm) {
            Some(next) => {
                changes.push(KeyChange::Activate(next.kid.clone(), now));
                KeyRecord { state: KeyState::Active, active_at: now, ..next.clone() }
            }
            None => {
                let made = self.make_key(key.algorithm, KeyStart::Now)?;
                changes.push(KeyChange::Add(made.clone()));
                made
            }
        };
        Ok(Some(KeyDistrust { successor: Some(successor), changes }))
    }

    /// Rotates, caused by the server itself, and returns the `kid` of the new key.
    ///
    /// # Errors
    /// The store's.
    pub async fn rotate_key(&self, algorithm: SignatureAlgorithm, start: KeyStart) -> Result<String, Fault> {
        let KeyRotation { key, changes } = self.key_rotation(algorithm, start).await?;
        let commit = changes.into_iter().fold(Commit::new(self.now()), Commit::with);
        if !commit.is_empty() {
            self.write(commit).await?;
        }
        Ok(key.kid)
    }

    /// What is due now: published keys begin to sign, keys as old as the timetable allows get a successor, and at most
    /// `limit` keys whose last signature has expired long ago are deleted. Returns how many were deleted. The cached
    /// ring knows all of it, so nothing is read or written before that.
    pub(crate) async fn tend_keys(&self, limit: u32) -> Result<u32, Fault> {
        let (ring, now) = (self.keys().await?, self.now());
        let due = Due::at(now, ring.records(), self.settings().key_rotation_interval);
        let mut commit = Commit::new(now);
        for algorithm in due.publish {
            let key = self.make_key(algorithm, KeyStart::Published)?;
            commit.push(KeyChange::Add(key));
        }
        due.changes.into_iter().for_each(|change| commit.push(change));
        let mut deleted = 0;
        for change in due.outlived.into_iter().take(limit as usize) {
            commit.push(change);
            deleted += 1;
        }
        if commit.is_empty() {
            return Ok(0);
        }
        // After a conflict, the next round decides by what was written meanwhile.
        Ok(self.store().commit(commit).await?.map_or(0, |_| deleted))
    }

    fn make_key(&self, algorithm: SignatureAlgorithm, start: KeyStart) -> Result<KeyRecord, Fault> {
        let key = SigningKey::generate(algorithm).map_err(Fault::new)?;
        let private = key.to_private_jwk().map_err(Fault::new)?;
        let sealed = self.master().seal(key.kid(), private.as_bytes());
        let created_at = self.now();
        let (state, active_at) = match start {
            KeyStart::Published => (KeyState::Next, created_at + PUBLISHED_BEFORE_SIGNING_SECONDS),
            KeyStart::Now => (KeyState::Active, created_at),
        };
        let kid = key.kid().to_owned();
        Ok(KeyRecord { kid, algorithm, state, sealed, created_at, active_at, retired_at: None })
    }
}
