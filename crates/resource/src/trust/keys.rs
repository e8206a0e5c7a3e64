//! The issuer's keys: fetched when first needed, kept, and fetched again when a token names one that is new.

use std::sync::Arc;

use fetching::{Attempts, Clock, Http, KeptDocument, KeySet, Lookup, LookupBudget, Schedule, SkippedLog};
use jose::jws::{Unverified, Verified};
use jose::{JoseError, SignatureAlgorithm};
use protocol::Timestamp;
use protocol::display::Shown;

use crate::limits::{
    KEYS_FRESH_SECONDS, KEYS_KEPT_SECONDS_MAX, LOOKUP_SECONDS, LOOKUPS_MAX, REFETCH_SECONDS, RETRY_SECONDS,
};
use crate::reason::Reason;
use crate::trust::discovery::Discovery;

/// A token may name a key that has just been published, and anybody can send one that names a key of no one.
const SCHEDULE: Schedule = Schedule {
    fresh: KEYS_FRESH_SECONDS,
    age_max: KEYS_KEPT_SECONDS_MAX,
    refetch: REFETCH_SECONDS,
    retry: RETRY_SECONDS,
    lookups: LookupBudget { burst: LOOKUPS_MAX, every: LOOKUP_SECONDS },
};

/// The key set of the issuer, shared by everything that verifies its signatures.
pub(crate) struct RemoteKeys {
    discovery: Arc<Discovery>,
    http: Http,
    set: KeptDocument<KeySet, Reason>,
    skipped: SkippedLog,
}

impl RemoteKeys {
    pub(crate) fn new(discovery: Arc<Discovery>, http: Http, clock: Arc<dyn Clock>) -> Self {
        Self { discovery, http, set: KeptDocument::new(SCHEDULE, clock), skipped: SkippedLog::default() }
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
        let look = |set: &Arc<KeySet>| verify(set, &token, algorithm);
        let fetch = || fetch(Arc::clone(&self.discovery), self.http.clone(), self.skipped.clone());
        let wanted = (token.kid(), algorithm.as_str());
        self.set.find(&wanted, look, fetch).await.inspect_err(|reason| {
            let kid = Shown(token.kid().unwrap_or_default());
            tracing::debug!(%kid, reason = reason.slug(), "whether the issuer has this key can't be told now");
        })?
    }

    /// The version of the current key set; `None` if it must be fetched first.
    pub(crate) fn version(&self) -> Option<u64> {
        self.set.fresh().map(|set| set.version)
    }

    /// How fetching them went.
    pub(crate) fn attempts(&self, now: Timestamp) -> Attempts<Reason> {
        self.set.attempts(now)
    }
}

/// Verifies the token with the keys of this set. What a newer set may have: the key that the token names; and if it names
/// none, one that verifies it, since the set may have other keys without a name by then.
fn verify(
    set: &KeySet,
    token: &Unverified<'_>,
    algorithm: SignatureAlgorithm,
) -> Lookup<Result<(Verified, u64), Reason>> {
    let kid = token.kid();
    let keys = match set.keys.verifying_keys(kid, algorithm) {
        Ok(keys) => keys,
        Err(error) => {
            tracing::debug!(kid = %Shown(kid.unwrap_or_default()), %error, "no key of the issuer fits");
            let is_skipped = set.keys.skipped().iter().any(|key| kid.is_some() && key.kid.as_deref() == kid);
            let has_other = set.keys.keys().iter().any(|key| kid.is_some() && key.kid() == kid);
            return match (is_skipped, has_other) {
                (true, _) => Lookup::Missing(Err(Reason::KeyInvalid)),
                (false, true) => Lookup::Settled(Err(Reason::KeyUnknown)),
                (false, false) => Lookup::Missing(Err(Reason::KeyUnknown)),
            };
        }
    };
    match token.clone().verify_any(&keys) {
        Ok(verified) => Lookup::Settled(Ok((verified, set.version))),
        Err(JoseError::Algorithm) => Lookup::Settled(Err(Reason::AlgorithmNotAllowed)),
        Err(_) if kid.is_none() => Lookup::Missing(Err(Reason::SignatureWrong)),
        Err(_) => Lookup::Settled(Err(Reason::SignatureWrong)),
    }
}

async fn fetch(discovery: Arc<Discovery>, http: Http, skipped: SkippedLog) -> Result<KeySet, Reason> {
    let url = discovery.jwks().await?;
    KeySet::fetch(&http, &url, &skipped).await.map_err(|error| {
        tracing::warn!(url, %error, "the issuer's keys could not be fetched");
        Reason::KeysUnavailable
    })
}
