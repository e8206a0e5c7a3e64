//! Introspection answers, kept for a short time: by the digest of the whole token, bounded in number and bytes.

use std::sync::Arc;

use protocol::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache as Kept;

use crate::claims::Authorization;
use crate::introspection::Judgement;
use crate::limits::{CACHE_BYTES_MAX, CACHE_ENTRIES_MAX};
use crate::reason::Reason;

/// What every entry weighs beside its text, in bytes.
const ENTRY_BYTES: usize = (CACHE_BYTES_MAX as usize) / CACHE_ENTRIES_MAX;

/// Answers by SHA-256 of the token. An entry holds what the server said and no decision about scope.
pub(super) struct Cache {
    seconds: i64,
    kept: Kept<[u8; 32], Entry, ByBytes>,
}

#[derive(Clone)]
struct Entry {
    /// Nothing: the server said that the token is not active.
    active: Option<Arc<Authorization>>,
    until: Timestamp,
    bytes: usize,
}

/// Counts an entry by its text, and the smallest so that [`CACHE_ENTRIES_MAX`] holds as well.
#[derive(Clone)]
struct ByBytes;

impl Weighter<[u8; 32], Entry> for ByBytes {
    fn weight(&self, _: &[u8; 32], entry: &Entry) -> u64 {
        entry.bytes.max(ENTRY_BYTES) as u64
    }
}

impl Cache {
    pub(super) fn new(seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self { seconds, kept: Kept::with_weighter(CACHE_ENTRIES_MAX, CACHE_BYTES_MAX, ByBytes) }
    }

    /// What was said of this token a short time ago.
    pub(super) fn find(&self, key: &[u8; 32], now: Timestamp) -> Option<Judgement> {
        let entry = self.kept.get(key).filter(|entry| now < entry.until)?;
        Some(entry.active.ok_or(Reason::Inactive))
    }

    /// Keeps an answer until its time is over or `exp`, whichever is first. Failures are not kept.
    pub(super) fn keep(&self, key: [u8; 32], judgement: &Judgement, bytes: usize, now: Timestamp) {
        let active = match judgement {
            Ok(authorization) => Some(Arc::clone(authorization)),
            Err(Reason::Inactive) => None,
            Err(_) => return,
        };
        let until = now + self.seconds;
        let expires = active.as_ref().and_then(|authorization| authorization.expires);
        let until = expires.map_or(until, |expires| until.min(expires));
        if now < until {
            self.kept.insert(key, Entry { active, until, bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use jose::Claims;
    use protocol::Scopes;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn active(expires: Option<i64>) -> Judgement {
        let claims = Claims::parse(b"{}").expect("claims");
        let expires = expires.map(Timestamp);
        Ok(Arc::new(Authorization { claims, scopes: Scopes::default(), expires, confirmation: None }))
    }

    #[test]
    fn an_entry_lasts_its_seconds_and_never_past_exp() {
        for (expires, last) in [(None, 1_009), (Some(5_000), 1_009), (Some(1_004), 1_003)] {
            let cache = Cache::new(10);
            cache.keep([7; 32], &active(expires), 100, NOW);
            assert!(cache.find(&[7; 32], Timestamp(last)).is_some_and(|kept| kept.is_ok()), "{expires:?}");
            assert!(cache.find(&[7; 32], Timestamp(last + 1)).is_none(), "{expires:?}");
            assert!(cache.find(&[8; 32], NOW).is_none());
        }
    }

    #[test]
    fn what_has_expired_is_not_kept() {
        let cache = Cache::new(10);
        cache.keep([7; 32], &active(Some(1_000)), 100, NOW);
        assert!(cache.find(&[7; 32], Timestamp(999)).is_none());
    }

    #[test]
    fn inactive_is_kept_and_failure_is_not() {
        let cache = Cache::new(10);
        cache.keep([1; 32], &Err(Reason::Inactive), 20, NOW);
        cache.keep([2; 32], &Err(Reason::IntrospectionFailed), 20, NOW);
        assert_eq!(cache.find(&[1; 32], NOW).and_then(Result::err), Some(Reason::Inactive));
        assert!(cache.find(&[2; 32], NOW).is_none());
    }

    #[test]
    fn memory_is_bounded_however_many_tokens_come() {
        let cache = Cache::new(10);
        let keep = |number: u32, bytes| {
            cache.keep(jose::primitives::sha256(&number.to_be_bytes()), &Err(Reason::Inactive), bytes, NOW);
        };
        (0..3 * CACHE_ENTRIES_MAX as u32).for_each(|number| keep(number, 20));
        assert!(cache.kept.len() <= CACHE_ENTRIES_MAX, "{}", cache.kept.len());
        (0..1_000).for_each(|number| keep(number, 64 * 1024));
        assert!(cache.kept.weight() <= CACHE_BYTES_MAX, "{}", cache.kept.weight());
    }
}
