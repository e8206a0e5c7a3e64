//! What was found out about tokens, kept for a short time: by the digest of the whole token, bounded in number, bytes
//! and time.

use std::mem::size_of;
use std::sync::Arc;

use protocol::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache as Kept;
use serde_json::{Map, Value};

use crate::judging::authorization::{Authorization, Judgement};
use crate::limits::{CACHE_BYTES_MAX, CACHE_ENTRIES_MAX};
use crate::reason::Reason;

/// The least that an entry weighs, in bytes, so that [`CACHE_ENTRIES_MAX`] holds as well.
const ENTRY_BYTES: usize = (CACHE_BYTES_MAX as usize) / CACHE_ENTRIES_MAX;
/// What one node of a map takes, in bytes: eleven places, whether they are taken or not.
const NODE_BYTES: usize = 11 * (size_of::<String>() + size_of::<Value>()) + 32;
/// How many members a node of a map holds at least, once there are several nodes.
const NODE_MEMBERS: usize = 5;

/// SHA-256 of a whole token: no part of it names an entry alone.
pub(crate) type TokenDigest = [u8; 32];

/// By what a token is known here.
pub(crate) fn digest(token: &str) -> TokenDigest {
    jose::primitives::sha256(token.as_bytes())
}

/// For how long something is kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lifetimes {
    /// How long it serves without asking again, in seconds.
    pub(crate) seconds: u64,
    /// How long an introspection answer serves while the server is away, in seconds.
    pub(crate) last_answer_seconds: u64,
}

/// What is known of the tokens of one issuer for one audience: each pair has a cache of its own, so both are part of
/// every key. An entry holds what is said of the token and no decision about scope.
pub(crate) struct Cache {
    seconds: i64,
    last_answer_seconds: i64,
    kept: Kept<TokenDigest, Entry, ByBytes>,
}

#[derive(Clone)]
struct Entry {
    /// Nothing: the server said that the token is not active.
    active: Option<Arc<Authorization>>,
    source: Source,
    /// From this second on the server is asked again.
    until: Timestamp,
    /// From this second on the entry is of no use, whatever happens.
    end: Timestamp,
    bytes: usize,
}

/// Who said it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The server.
    Answer,
    /// A signature by a key of this set.
    Signature(u64),
}

/// Counts an entry by the memory it takes.
#[derive(Clone)]
struct ByBytes;

impl Weighter<TokenDigest, Entry> for ByBytes {
    fn weight(&self, _: &TokenDigest, entry: &Entry) -> u64 {
        entry.bytes as u64
    }
}

impl Cache {
    /// Nothing if nothing is to be kept.
    pub(crate) fn new(lifetimes: Lifetimes) -> Option<Self> {
        let whole = |seconds| i64::try_from(seconds).unwrap_or(i64::MAX);
        let (seconds, last) = (whole(lifetimes.seconds), whole(lifetimes.last_answer_seconds));
        (seconds.max(last) > 0).then(|| Self {
            seconds,
            last_answer_seconds: last,
            kept: Kept::with_weighter(CACHE_ENTRIES_MAX, CACHE_BYTES_MAX, ByBytes),
        })
    }

    /// What the server said of this token a short time ago.
    pub(crate) fn answer(&self, key: &TokenDigest, now: Timestamp) -> Option<Judgement> {
        let entry = self.entry(key, Source::Answer)?;
        (now < entry.until).then(|| entry.judgement())
    }

    /// What the server said of this token before it went away.
    pub(crate) fn last_answer(&self, key: &TokenDigest, now: Timestamp) -> Option<Judgement> {
        let entry = self.entry(key, Source::Answer)?;
        (now < entry.end).then(|| entry.judgement())
    }

    /// What a signature said of this token, while the same keys are trusted.
    pub(crate) fn signed(&self, key: &TokenDigest, keys: u64, now: Timestamp) -> Option<Arc<Authorization>> {
        let entry = self.entry(key, Source::Signature(keys))?;
        entry.active.filter(|_| now < entry.until)
    }

    /// Keeps an answer to a question that was asked at this time, so that its age is never underrated; never past
    /// `exp`. Failures are not kept.
    pub(crate) fn keep_answer(&self, key: TokenDigest, judgement: &Judgement, asked: Timestamp) {
        let active = match judgement {
            Ok(authorization) => Some(Arc::clone(authorization)),
            Err(Reason::TokenInactive) => None,
            Err(_) => return,
        };
        self.keep(key, active, Source::Answer, (asked + self.seconds, asked + self.last_answer_seconds));
    }

    /// Keeps what a signature by a key of this set said; never past `exp`.
    pub(crate) fn keep_signed(
        &self,
        key: TokenDigest,
        found: &Arc<Authorization>,
        keys: u64,
        now: Timestamp,
    ) {
        let until = now + self.seconds;
        self.keep(key, Some(Arc::clone(found)), Source::Signature(keys), (until, until));
    }

    fn keep(
        &self,
        key: TokenDigest,
        active: Option<Arc<Authorization>>,
        source: Source,
        (until, end): (Timestamp, Timestamp),
    ) {
        let expires = active.as_ref().and_then(|authorization| authorization.expires);
        let sooner = |time: Timestamp| expires.map_or(time, |expires| time.min(expires));
        let (until, end) = (sooner(until), sooner(end.max(until)));
        let bytes = active.as_deref().map_or(0, heap_bytes).max(ENTRY_BYTES);
        self.kept.insert(key, Entry { active, source, until, end, bytes });
    }

    fn entry(&self, key: &TokenDigest, source: Source) -> Option<Entry> {
        self.kept.get(key).filter(|entry| entry.source == source)
    }
}

impl Entry {
    fn judgement(self) -> Judgement {
        self.active.ok_or(Reason::TokenInactive)
    }
}

/// The memory that an authorization holds on to, in bytes. Parsed JSON takes many times its text: `[0,0,0]` sixteen
/// times.
fn heap_bytes(authorization: &Authorization) -> usize {
    let scopes = authorization.scopes.as_str().len();
    size_of::<Authorization>() + size_of::<Entry>() + scopes + members(authorization.claims.as_map())
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
        cache.keep_answer([1; 32], &Err(Reason::TokenInactive), NOW);
        cache.keep_answer([2; 32], &Err(Reason::IntrospectionFailed), NOW);
        assert_eq!(cache.answer(&[1; 32], NOW).and_then(Result::err), Some(Reason::TokenInactive));
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
            let judgement = if number % 2 == 0 { Ok(Arc::clone(&wide)) } else { Err(Reason::TokenInactive) };
            cache.keep_answer(key, &judgement, NOW);
        }
        assert!(cache.kept.len() <= CACHE_ENTRIES_MAX, "{}", cache.kept.len());
        assert!(cache.kept.len() >= 100, "and some are kept: {}", cache.kept.len());
        assert!(cache.kept.weight() <= CACHE_BYTES_MAX, "{}", cache.kept.weight());
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
