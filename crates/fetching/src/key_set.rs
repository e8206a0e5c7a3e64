//! Key sets of other parties (RFC 7517 §5), fetched by URL and kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jose::{JwkSet, KeyError, SignatureAlgorithm, SkippedKey, VerifyingKey};

use crate::clock::Clock;
use crate::destination::NamedBy;
use crate::document::{DocumentError, Http};
use crate::fetch::FetchError;
use crate::kept::{Busy, KeptDocument, Lookup, Schedule};
use crate::limits::{KEY_SET_BYTES_MAX, SKIPPED_NAMED_MAX};

/// The media types of a key set that are asked for (RFC 7517 §8.5.2).
const ACCEPT: &str = "application/jwk-set+json, application/json";

/// A key set and its version.
#[derive(Clone, Debug)]
pub struct KeySet {
    /// The keys.
    pub keys: Arc<JwkSet>,
    /// The first eight bytes of the document's SHA-256: the same document has the same version, however often it is
    /// fetched.
    pub version: u64,
}

impl KeySet {
    /// Reads the document.
    ///
    /// # Errors
    ///
    /// [`DocumentError::Invalid`] if it is not a key set.
    pub fn parse(document: &[u8]) -> Result<Self, DocumentError> {
        let keys = JwkSet::parse(document).map_err(|error| DocumentError::Invalid(error.to_string()))?;
        let [a, b, c, d, e, f, g, h, ..] = jose::primitives::sha256(document);
        Ok(Self { keys: Arc::new(keys), version: u64::from_be_bytes([a, b, c, d, e, f, g, h]) })
    }

    /// Fetches it, of at most [`KEY_SET_BYTES_MAX`]. Whether the URL may be fetched is the caller's to decide.
    ///
    /// # Errors
    ///
    /// [`DocumentError`].
    pub async fn fetch(http: &Http, url: &str, log: &SkippedLog) -> Result<Self, DocumentError> {
        let set = Self::parse(&http.with_bytes_max(KEY_SET_BYTES_MAX).document(url, ACCEPT).await?)?;
        log.note(url, &set);
        Ok(set)
    }
}

/// Says once which keys of a set are skipped and why, however often the same document is fetched.
#[derive(Clone, Debug, Default)]
pub struct SkippedLog(Arc<AtomicU64>);

impl SkippedLog {
    fn note(&self, url: &str, set: &KeySet) {
        let skipped = set.keys.skipped();
        if self.0.swap(set.version, Ordering::Relaxed) == set.version || skipped.is_empty() {
            return;
        }
        let mut named: Vec<String> =
            skipped.iter().take(SKIPPED_NAMED_MAX).map(SkippedKey::to_string).collect();
        if let Some(more @ 1..) = skipped.len().checked_sub(SKIPPED_NAMED_MAX) {
            named.push(format!("and {more} more"));
        }
        let (skipped, used) = (named.join("; "), set.keys.keys().len());
        tracing::warn!(url, used, skipped, "keys of a key set can't be used; the others are");
    }
}

/// The key sets of many parties, by URL: each is fetched when it is needed, kept, and fetched again as rarely as the
/// schedule says.
pub struct KeySets {
    http: Http,
    clock: Arc<dyn Clock>,
    named_by: NamedBy,
    schedule: Schedule,
    sets_max: usize,
    sets: Mutex<HashMap<String, Arc<KeptKeySet>>>,
}

struct KeptKeySet {
    set: KeptDocument<KeySet, DocumentError>,
    log: SkippedLog,
}

impl KeySets {
    /// For URLs that `named_by` named. At most `sets_max` are kept; beyond that, all of them are fetched anew.
    pub fn new(
        http: Http,
        clock: Arc<dyn Clock>,
        named_by: NamedBy,
        schedule: Schedule,
        sets_max: usize,
    ) -> Self {
        Self { http, clock, named_by, schedule, sets_max, sets: Mutex::default() }
    }

    /// The key set at this URL. While it can't be fetched, the last good one is used.
    ///
    /// # Errors
    ///
    /// [`DocumentError`].
    pub async fn get(&self, url: &str) -> Result<KeySet, DocumentError> {
        let kept = self.kept(url)?;
        let set = kept.set.get(|| fetch(self.http.clone(), url.to_owned(), kept.log.clone())).await?;
        Ok(KeySet::clone(&set))
    }

    /// The keys in the set at this URL that a token can be signed with, as [`JwkSet::verifying_keys`]. If there are none,
    /// those in a newer set.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] if the set is unavailable, or if it is not known whether there are such keys by now. Inside,
    /// [`KeyError`] if there are none.
    pub async fn verifying_keys(
        &self,
        url: &str,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Result<Vec<VerifyingKey>, KeyError>, DocumentError> {
        let kept = self.kept(url)?;
        let look = |set: &Arc<KeySet>| match set.keys.verifying_keys(kid, algorithm) {
            Ok(keys) => Lookup::Settled(Ok(keys)),
            Err(error) => Lookup::Missing(Err(error)),
        };
        let fetch = || fetch(self.http.clone(), url.to_owned(), kept.log.clone());
        kept.set.find(&(kid, algorithm.as_str()), look, fetch).await
    }

    fn kept(&self, url: &str) -> Result<Arc<KeptKeySet>, DocumentError> {
        self.named_by.check(url).map_err(|_| FetchError::Forbidden(url.to_owned()))?;
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = sets.get(url) {
            return Ok(Arc::clone(kept));
        }
        if sets.len() >= self.sets_max {
            sets.clear();
        }
        let set = KeptDocument::new(self.schedule, Arc::clone(&self.clock));
        let kept = Arc::new(KeptKeySet { set, log: SkippedLog::default() });
        sets.insert(url.to_owned(), Arc::clone(&kept));
        Ok(kept)
    }
}

async fn fetch(http: Http, url: String, log: SkippedLog) -> Result<KeySet, DocumentError> {
    let fetched = KeySet::fetch(&http, &url, &log).await;
    if let Err(error) = &fetched {
        tracing::warn!(url, %error, "a key set could not be fetched");
    }
    fetched
}

impl From<Busy> for DocumentError {
    fn from(Busy: Busy) -> Self {
        Self::Busy
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Poll, Waker};

    use async_trait::async_trait;
    use bytes::Bytes;
    use http::{Request, Response};

    use super::*;
    use crate::fetch::{Fetch, FetchLimits};
    use crate::{LookupBudget, SystemClock};

    const SCHEDULE: Schedule = Schedule {
        fresh: 300,
        age_max: i64::MAX,
        refetch: 30,
        retry: 30,
        lookups: LookupBudget { burst: 3, every: 2 },
    };

    /// Serves an empty key set everywhere, and counts the requests.
    #[derive(Default)]
    struct Counting(AtomicU32);

    #[async_trait]
    impl Fetch for Counting {
        async fn fetch(&self, _: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, FetchError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Response::new(Bytes::from_static(br#"{"keys":[]}"#)))
        }
    }

    fn sets(named_by: NamedBy) -> (KeySets, Arc<Counting>) {
        let fetch = Arc::new(Counting::default());
        let http = Http { fetch: Arc::clone(&fetch) as Arc<dyn Fetch>, limits: FetchLimits::default() };
        (KeySets::new(http, Arc::new(SystemClock::default()), named_by, SCHEDULE, 2), fetch)
    }

    fn get(sets: &KeySets, url: &str) -> Result<KeySet, DocumentError> {
        match pin!(sets.get(url)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => found,
            Poll::Pending => panic!("nothing to wait for"),
        }
    }

    #[test]
    fn a_url_that_may_not_be_fetched_is_not() {
        let (operators, fetch) = sets(NamedBy::operator_of("https://id.example.org"));
        let url = "http://127.0.0.1:4000/jwks";
        let forbidden = DocumentError::Fetch(FetchError::Forbidden(url.to_owned()));
        assert_eq!(get(&operators, url).err(), Some(forbidden));
        assert_eq!(fetch.0.load(Ordering::SeqCst), 0);
        let (strangers, fetch) = sets(NamedBy::Stranger);
        let url = "https://169.254.169.254/latest";
        let forbidden = DocumentError::Fetch(FetchError::Forbidden(url.to_owned()));
        assert_eq!(get(&strangers, url).err(), Some(forbidden));
        assert_eq!(fetch.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn no_more_sets_are_kept_than_the_limit() {
        let (sets, fetch) = sets(NamedBy::operator_of("https://id.example.org"));
        for url in ["https://a.example/jwks", "https://b.example/jwks", "https://a.example/jwks"] {
            assert!(get(&sets, url).is_ok());
        }
        assert_eq!(fetch.0.load(Ordering::SeqCst), 2, "the first is kept");
        assert!(get(&sets, "https://c.example/jwks").is_ok());
        assert_eq!(sets.sets.lock().unwrap_or_else(PoisonError::into_inner).len(), 1);
    }
}
