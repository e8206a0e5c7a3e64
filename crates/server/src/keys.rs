//! The key ring: keys that are about to sign, that sign, and whose signatures still live.

use std::sync::{Arc, RwLock};

use jose::{JwkSet, SignatureAlgorithm, SigningKey, VerifyingKey};

use crate::{
    AuthorizationServer,
    error::Fault,
    store::{Commit, KeyChange, KeyRecord, KeyState},
};

/// What the first start makes: one key for access tokens, one for clients that registered nothing.
const FIRST_ALGORITHMS: [SignatureAlgorithm; 2] = [SignatureAlgorithm::Es256, SignatureAlgorithm::Rs256];

/// The parsed keys of one issuer.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<(KeyState, SigningKey)>,
    jwks: JwkSet,
}

impl KeyRing {
    fn open(server: &AuthorizationServer, records: Vec<KeyRecord>) -> Result<Self, Fault> {
        let mut keys = Vec::with_capacity(records.len());
        for record in records {
            let private = server
                .master()
                .open(&record.kid, &record.sealed)
                .ok_or_else(|| Fault::new("a signing key does not open under this master key"))?;
            let key = SigningKey::from_private_jwk(&private, record.algorithm).map_err(Fault::new)?;
            keys.push((record.state, key));
        }
        let jwks = keys.iter().filter_map(|(_, key)| key.public_jwk().cloned()).collect();
        Ok(Self { jwks: JwkSet::new(jwks).map_err(Fault::new)?, keys })
    }

    /// The key that signs with this algorithm now.
    pub fn signing(&self, algorithm: SignatureAlgorithm) -> Option<&SigningKey> {
        let active = |(state, key): &&(KeyState, SigningKey)| {
            *state == KeyState::Active && key.algorithm() == algorithm
        };
        self.keys.iter().find(active).map(|(_, key)| key)
    }

    /// The key with this `kid`, whatever its state: signatures outlive the time in which it signs.
    pub fn verifying(&self, kid: &str) -> Option<VerifyingKey> {
        self.keys.iter().find(|(_, key)| key.kid() == kid).map(|(_, key)| key.verifying_key())
    }

    /// The public halves, as published.
    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }

    /// The algorithms that some key signs with now.
    pub fn algorithms(&self) -> Vec<&'static str> {
        let active = self.keys.iter().filter(|(state, _)| *state == KeyState::Active);
        active.map(|(_, key)| key.algorithm().as_str()).collect()
    }
}

/// The ring as it was at a version of the registry.
#[derive(Default)]
pub(crate) struct KeptKeys(RwLock<Option<(i64, Arc<KeyRing>)>>);

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
        let ring = Arc::new(KeyRing::open(self, self.store().keys().await?)?);
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

    /// Rotates: a fresh key of this algorithm signs from now on, the one before stays published.
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

    fn make_key(&self, algorithm: SignatureAlgorithm, state: KeyState) -> Result<KeyRecord, Fault> {
        let key = SigningKey::generate(algorithm).map_err(Fault::new)?;
        let private = key.to_private_jwk().map_err(Fault::new)?;
        let sealed = self.master().seal(key.kid(), private.as_bytes());
        let kid = key.kid().to_owned();
        Ok(KeyRecord { sealed, kid, algorithm, state, created_at: self.now(), retired_at: None })
    }
}
