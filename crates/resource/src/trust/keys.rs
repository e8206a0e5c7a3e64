//! The issuer's keys: fetched when first needed, kept, and fetched again when a token names one that is new.

use std::sync::Arc;

use jose::jws::{Unverified, Verified};
use jose::{JoseError, JwkSet, KeyError, SignatureAlgorithm, VerifyingKey};
use protocol::Timestamp;
use protocol::display::Shown;

use crate::clock::Clock;
use crate::face::health::SourceHealth;
use crate::limits::{KEYS_FRESH_SECONDS, KEYS_KEPT_SECONDS_MAX};
use crate::reason::Reason;
use crate::remembered::{Ages, Found, Need, Remembered};
use crate::trust::discovery::{Discovery, Http};

/// The key set of the issuer, shared by everything that verifies its signatures.
pub(crate) struct RemoteKeys {
    discovery: Arc<Discovery>,
    http: Http,
    set: Remembered<KeySet>,
}

/// A key set, and what tells it from another.
struct KeySet {
    keys: JwkSet,
    /// The first eight bytes of the document's SHA-256: the same keys have the same version, however often they are
    /// fetched.
    version: u64,
}

impl RemoteKeys {
    pub(crate) fn new(discovery: Arc<Discovery>, http: Http, clock: Arc<dyn Clock>) -> Self {
        let ages = Ages { fresh: KEYS_FRESH_SECONDS, most: KEYS_KEPT_SECONDS_MAX };
        Self { discovery, http, set: Remembered::new(ages, clock) }
    }

    /// Verifies what the issuer signed, with an algorithm that is allowed.
    pub(crate) async fn verify(
        &self,
        token: Unverified<'_>,
        allowed: &[SignatureAlgorithm],
    ) -> Result<Verified, Reason> {
        Ok(self.verify_by_version(token, allowed).await?.0)
    }

    /// The same, with the version of the key set by which it was verified.
    pub(crate) async fn verify_by_version(
        &self,
        token: Unverified<'_>,
        allowed: &[SignatureAlgorithm],
    ) -> Result<(Verified, u64), Reason> {
        let algorithm = token.algorithm().filter(|algorithm| allowed.contains(algorithm));
        let algorithm = algorithm.ok_or(Reason::AlgorithmNotAllowed)?;
        let (key, version) = self.key(token.kid(), algorithm).await?;
        let verified = token.verify(&key).map_err(|error| match error {
            JoseError::Algorithm => Reason::AlgorithmNotAllowed,
            _ => Reason::SignatureWrong,
        })?;
        Ok((verified, version))
    }

    /// The version of the key set at hand. Nothing if it must be fetched before anything is trusted by it.
    pub(crate) fn version(&self) -> Option<u64> {
        self.set.fresh().map(|set| set.version)
    }

    /// How fetching them went.
    pub(crate) fn health(&self, now: Timestamp) -> SourceHealth {
        self.set.health(now)
    }

    async fn key(
        &self,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<(VerifyingKey, u64), Reason> {
        let at_hand = self.set(Need::Fresh).await?;
        match at_hand.document.key(kid, algorithm) {
            Ok(found) => return Ok(found),
            Err(KeyError::Unknown) if !at_hand.is_new => {}
            Err(error) => return Err(self.unfit(kid, &error)),
        }
        let newer = self.set(Need::Newer).await?;
        newer.document.key(kid, algorithm).map_err(|error| self.unfit(kid, &error))
    }

    /// A key that is unknown may be a new one that can't be had now: that is no fault of the token.
    fn unfit(&self, kid: Option<&str>, error: &KeyError) -> Reason {
        let kid = Shown(kid.unwrap_or_default());
        tracing::debug!(%kid, %error, "no key of the issuer fits");
        match self.set.trouble() {
            Some(_) if *error == KeyError::Unknown => Reason::KeysUnavailable,
            Some(_) | None => Reason::KeyUnknown,
        }
    }

    async fn set(&self, need: Need) -> Result<Found<KeySet>, Reason> {
        let (discovery, http) = (Arc::clone(&self.discovery), self.http.clone());
        self.set.get(need, || fetch(discovery, http)).await
    }
}

impl KeySet {
    fn parse(body: &[u8]) -> Result<Self, String> {
        let keys = JwkSet::parse(body).map_err(|error| error.to_string())?;
        let [a, b, c, d, e, f, g, h, ..] = jose::primitives::sha256(body);
        Ok(Self { keys, version: u64::from_be_bytes([a, b, c, d, e, f, g, h]) })
    }

    fn key(&self, kid: Option<&str>, algorithm: SignatureAlgorithm) -> Result<(VerifyingKey, u64), KeyError> {
        Ok((self.keys.verifying_key(kid, algorithm)?, self.version))
    }
}

async fn fetch(discovery: Arc<Discovery>, http: Http) -> Result<KeySet, Reason> {
    let url = discovery.jwks().await?;
    let set = match http.document(&url).await {
        Ok(body) => KeySet::parse(&body),
        Err(error) => Err(error.to_string()),
    };
    set.map_err(|error| {
        tracing::warn!(url, error, "the keys of the issuer are not to be had");
        Reason::KeysUnavailable
    })
}
