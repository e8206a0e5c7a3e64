//! A cache of judgements on tokens, keyed by the digest of the whole token; limited in number, bytes and time.

use std::mem::size_of;
use std::sync::Arc;

use protocol::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache as QuickCache;
use serde_json::{Map, Value};

use crate::judging::authorization::{Authorization, Judgement};
use crate::limits::{CACHE_BYTES_MAX, CACHE_ENTRIES_MAX};
use crate::reason::Reason;

/// Least weight of an entry, in bytes, so that [`CACHE_ENTRIES_MAX`] holds as well.
const ENTRY_BYTES: usize = (CACHE_BYTES_MAX as usize) / CACHE_ENTRIES_MAX;
/// Size of one node of a map, in bytes: eleven slots, used or not.
const NODE_BYTES: usize = 11 * (size_of::<String>() + size_of::<Value>()) + 32;
/// Least number of members in a node of a map, once there are several nodes.
const NODE_MEMBERS: usize = 5;

/// SHA-256 of a whole token, so that no part of it identifies an entry.
pub(crate) type TokenDigest = [u8; 32];

/// The key of a token.
pub(crate) fn digest(token: &str) -> TokenDigest {
    jose::primitives::sha256(token.as_bytes())
}

/// How long entries are used, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lifetimes {
    /// How long an entry is used without asking again.
    pub(crate) seconds: u64,
    /// How long an introspection answer is used while the server is unavailable.
    pub(crate) last_answer_seconds: u64,
}

/// Judgements on the tokens of one issuer for one audience; each pair has its own cache. An entry contains no decision
/// about scopes.
pub(crate) struct Cache {
    seconds: i64,
    last_answer_seconds: i64,
    entries: QuickCache<TokenDigest, Entry, ByBytes>,
}

#[derive(Clone)]
struct Entry {
    /// `None`: the server said that the token is not active.
    active: Option<Arc<Authorization>>,
    source: Source,
    /// The server is asked again from this time on.
    until: Timestamp,
    /// The entry is never used from this time on.
    end: Timestamp,
    bytes: usize,
}

/// Where an entry comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// An introspection answer.
    Answer,
    /// A signature by a key of this set.
    Signature(u64),
}

/// Weighs an entry by its memory.
#[derive(Clone)]
struct ByBytes;

impl Weighter<TokenDigest, Entry> for ByBytes {
    fn weight(&self, _: &TokenDigest, entry: &Entry) -> u64 {
        entry.bytes as u64
    }
}

impl Cache {
    /// `None` if both lifetimes are zero.
    pub(crate) fn new(lifetimes: Lifetimes) -> Option<Self> {
        let whole = |seconds| i64::try_from(seconds).unwrap_or(i64::MAX);
        let (seconds, last) = (whole(lifetimes.seconds), whole(lifetimes.last_answer_seconds));
        (seconds.max(last) > 0).then(|| Self {
            seconds,
            last_answer_seconds: last,
            entries: QuickCache::with_weighter(CACHE_ENTRIES_MAX, CACHE_BYTES_MAX, ByBytes),
        })
    }

    /// The cached introspection answer, if it is recent.
    pub(crate) fn answer(&self, key: &TokenDigest, now: Timestamp) -> Option<Judgement> {
        let entry = self.entry(key, Source::Answer)?;
        (now < entry.until).then(|| entry.judgement())
    }

    /// The last introspection answer, for use while the server is unavailable.
    pub(crate) fn last_answer(&self, key: &TokenDigest, now: Timestamp) -> Option<Judgement> {
        let entry = self.entry(key, Source::Answer)?;
        (now < entry.end).then(|| entry.judgement())
    }

    /// The result of a signature check with the same key set, if it is recent.
    pub(crate) fn signed(&self, key: &TokenDigest, keys: u64, now: Timestamp) -> Option<Arc<Authorization>> {
        let entry = self.entry(key, Source::Signature(keys))?;
        entry.active.filter(|_| now < entry.until)
    }

    /// Caches an introspection answer. Its age counts from the request, so that it is never underestimated; it is not
    /// cached past `exp`. Failures are not cached.
    pub(crate) fn keep_answer(&self, key: TokenDigest, judgement: &Judgement, asked: Timestamp) {
        let active = match judgement {
            Ok(authorization) => Some(Arc::clone(authorization)),
            Err(refused) if refused.reason == Reason::TokenInactive => None,
            Err(_) => return,
        };
        let (until, end) = (asked + self.seconds, asked + self.last_answer_seconds);
        self.keep(key, Entry { active, source: Source::Answer, until, end, bytes: 0 });
    }

    /// Caches the result of a signature check with this key set, not past `exp`.
    pub(crate) fn keep_signed(
        &self,
        key: TokenDigest,
        found: &Arc<Authorization>,
        keys: u64,
        now: Timestamp,
    ) {
        let until = now + self.seconds;
        let (active, source) = (Some(Arc::clone(found)), Source::Signature(keys));
        self.keep(key, Entry { active, source, until, end: until, bytes: 0 });
    }

    /// Adds the entry, not past the `exp` of its token, with its weight.
    fn keep(&self, key: TokenDigest, entry: Entry) {
        let expires = entry.active.as_ref().and_then(|authorization| authorization.expires);
        let sooner = |time: Timestamp| expires.map_or(time, |expires| time.min(expires));
        let (until, end) = (sooner(entry.until), sooner(entry.end.max(entry.until)));
        let bytes = entry.active.as_deref().map_or(0, heap_bytes).max(ENTRY_BYTES);
        self.entries.insert(key, Entry { until, end, bytes, ..entry });
    }

    fn entry(&self, key: &TokenDigest, source: Source) -> Option<Entry> {
        self.entries.get(key).filter(|entry| entry.source == source)
    }
}

impl Entry {
    fn judgement(self) -> Judgement {
        self.active.ok_or_else(|| Reason::TokenInactive.into())
    }
}

/// The memory of an authorization, in bytes. Parsed JSON takes many times the size of its text: `[0,0,0]` sixteen
/// times.
fn heap_bytes(authorization: &Authorization) -> usize {
    let scopes = authorization.scopes.as_str().len();
    let roles = authorization.roles.iter().map(|role| size_of::<String>() + role.capacity()).sum::<usize>();
    let texts = scopes + roles;
    size_of::<Authorization>() + size_of::<Entry>() + texts + members(authorization.claims.as_map())
}

fn members(map: &Map<String, Value>) -> usize {
    let nodes = if map.is_empty() { 0 } else { 1 + map.len() / NODE_MEMBERS };
    nodes * NODE_BYTES + map.iter().map(|(name, value)| name.capacity() + inside(value)).sum::<usize>()
}

fn inside(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.capacity(),
        Value::Array(items) => {
            items.capacity() * size_of::<Value>() + items.iter().map(inside).sum::<usize>()
        }
        Value::Object(map) => members(map),
    }
}

#[cfg(test)]
mod tests {
    use jose::Claims;
    use protocol::Scopes;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn authorization(claims: &str, expires: Option<i64>) -> Arc<Authorization> {
        let claims = Claims::parse(claims.as_bytes()).expect("claims");
        Arc::new(Authorization {
            claims,
            scopes: Scopes::default(),
            roles: Vec::new(),
            expires: expires.map(Timestamp),
            confirmation: None,
        })
    }

    fn active(expires: Option<i64>) -> Judgement {
        Ok(authorization("{}", expires))
    }

    fn cache(seconds: u64, last_answer_seconds: u64) -> Cache {
        Cache::new(Lifetimes { seconds, last_answer_seconds }).expect("a cache")
    }

    #[test]
    fn an_answer_lasts_its_seconds_and_never_past_exp() {
        for (expires, last) in [(None, 1_009), (Some(5_000), 1_009), (Some(1_004), 1_003)] {
            let cache = cache(10, 0);
            cache.keep_answer([7; 32], &active(expires), NOW);
            assert!(cache.answer(&[7; 32], Timestamp(last)).is_some_and(|kept| kept.is_ok()), "{expires:?}");
            assert!(cache.answer(&[7; 32], Timestamp(last + 1)).is_none(), "{expires:?}");
            assert!(cache.answer(&[8; 32], NOW).is_none());
        }
    }

    #[test]
    fn what_has_expired_serves_nobody() {
        let cache = cache(10, 0);
        cache.keep_answer([7; 32], &active(Some(1_000)), NOW);
        assert!(cache.answer(&[7; 32], NOW).is_none());
    }

    #[test]
    fn inactive_is_kept_and_failure_is_not() {
        let cache = cache(10, 0);
        cache.keep_answer([1; 32], &Err(Reason::TokenInactive.into()), NOW);
        cache.keep_answer([2; 32], &Err(Reason::IntrospectionFailed.into()), NOW);
        assert_eq!(cache.answer(&[1; 32], NOW).and_then(Result::err), Some(Reason::TokenInactive.into()));
        assert!(cache.answer(&[2; 32], NOW).is_none());
    }

    #[test]
    fn the_last_answer_outlives_the_cache_time_and_not_exp() {
        for (expires, last) in [(None, 1_299), (Some(1_100), 1_099)] {
            let cache = cache(0, 300);
            cache.keep_answer([7; 32], &active(expires), NOW);
            assert!(cache.answer(&[7; 32], NOW).is_none(), "a cache time of zero asks each time");
            assert!(cache.last_answer(&[7; 32], Timestamp(last)).is_some(), "{expires:?}");
            assert!(cache.last_answer(&[7; 32], Timestamp(last + 1)).is_none(), "{expires:?}");
        }
    }

    #[test]
    fn a_signed_token_is_known_while_its_keys_are_the_same() {
        let cache = cache(10, 300);
        cache.keep_signed([7; 32], &authorization("{}", Some(1_004)), 1, NOW);
        assert!(cache.signed(&[7; 32], 1, Timestamp(1_003)).is_some());
        assert!(cache.signed(&[7; 32], 1, Timestamp(1_004)).is_none(), "never past exp");
        assert!(cache.signed(&[7; 32], 2, NOW).is_none(), "other keys");
        assert!(cache.answer(&[7; 32], NOW).is_none(), "the server said nothing of it");
        assert!(cache.last_answer(&[7; 32], NOW).is_none());
    }

    #[test]
    fn nothing_is_kept_where_no_time_is_given() {
        assert!(Cache::new(Lifetimes::default()).is_none());
    }

    #[test]
    fn a_million_distinct_tokens_stay_within_the_bounds() {
        let cache = cache(10, 0);
        let wide = authorization(&format!(r#"{{"a":[{}0]}}"#, "0,".repeat(1_000)), None);
        for number in 0..1_000_000_u32 {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&number.to_be_bytes());
            let inactive = || Err(Reason::TokenInactive.into());
            let judgement = if number % 2 == 0 { Ok(Arc::clone(&wide)) } else { inactive() };
            cache.keep_answer(key, &judgement, NOW);
        }
        assert!(cache.entries.len() <= CACHE_ENTRIES_MAX, "{}", cache.entries.len());
        assert!(cache.entries.len() >= 100, "and some are kept: {}", cache.entries.len());
        assert!(cache.entries.weight() <= CACHE_BYTES_MAX, "{}", cache.entries.weight());
    }

    #[test]
    fn an_entry_is_counted_by_its_memory_and_not_by_its_text() {
        let flat = format!(r#"{{"a":[{}0]}}"#, "0,".repeat(20_000));
        let maps = format!(r#"{{"a":[{}0]}}"#, r#"{"a":0},"#.repeat(5_000));
        for text in [flat, maps] {
            let counted = heap_bytes(&authorization(&text, None));
            assert!(counted > 10 * text.len(), "{counted} for {}", text.len());
        }
    }
}
