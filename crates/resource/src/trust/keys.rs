//! The issuer's keys: fetched when first needed, kept, and fetched again when a token names one that is new.

use std::sync::Arc;

use fetching::{Attempts, Clock, Http, KeptDocument, KeySet, Lookup, NewerAfter, Schedule};
use jose::jws::{Unverified, Verified};
use jose::{JoseError, KeyError, SignatureAlgorithm, VerifyingKey};
use protocol::Timestamp;
use protocol::display::Shown;

use crate::limits::{KEYS_FRESH_SECONDS, KEYS_KEPT_SECONDS_MAX, REFETCH_SECONDS, RETRY_SECONDS};
use crate::reason::Reason;
use crate::trust::discovery::Discovery;

/// A token may name a key that has just been published, so the first unknown `kid` does not have to wait.
const SCHEDULE: Schedule = Schedule {
    fresh: KEYS_FRESH_SECONDS,
    age_max: KEYS_KEPT_SECONDS_MAX,
    refetch: REFETCH_SECONDS,
    retry: RETRY_SECONDS,
    retry_abandoned: RETRY_SECONDS,
    newer_after: NewerAfter::SuchFetch,
};

/// The key set of the issuer, shared by everything that verifies its signatures.
pub(crate) struct RemoteKeys {
    discovery: Arc<Discovery>,
    http: Http,
    set: KeptDocument<KeySet, Reason>,
}

impl RemoteKeys {
    pub(crate) fn new(discovery: Arc<Discovery>, http: Http, clock: Arc<dyn Clock>) -> Self {
        Self { discovery, http, set: KeptDocument::new(SCHEDULE, clock) }
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

    /// The version of the current key set; `None` if it must be fetched first.
    pub(crate) fn version(&self) -> Option<u64> {
        self.set.fresh().map(|set| set.version)
    }

    /// How fetching them went.
    pub(crate) fn attempts(&self, now: Timestamp) -> Attempts<Reason> {
        self.set.attempts(now)
    }

    async fn key(
        &self,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<(VerifyingKey, u64), Reason> {
        let look = |set: &Arc<KeySet>| {
            let found = set.keys.verifying_key(kid, algorithm).map(|key| (key, set.version));
            match found {
                Err(KeyError::Unknown) => Lookup::Missing(found),
                Ok(_) | Err(_) => Lookup::Settled(found),
            }
        };
        let fetch = || fetch(Arc::clone(&self.discovery), self.http.clone());
        self.set.find(look, fetch).await?.map_err(|error| self.unfit(kid, &error))
    }

    /// An unknown key may be a new one that is unavailable now: then the token is not to blame.
    fn unfit(&self, kid: Option<&str>, error: &KeyError) -> Reason {
        let kid = Shown(kid.unwrap_or_default());
        tracing::debug!(%kid, %error, "no key of the issuer fits");
        match *error == KeyError::Unknown && self.set.is_failing() {
            true => Reason::KeysUnavailable,
            false => Reason::KeyUnknown,
        }
    }
}

async fn fetch(discovery: Arc<Discovery>, http: Http) -> Result<KeySet, Reason> {
    let url = discovery.jwks().await?;
    KeySet::fetch(&http, &url).await.map_err(|error| {
        tracing::warn!(url, %error, "the issuer's keys could not be fetched");
        Reason::KeysUnavailable
    })
}
