//! Every limit of a guard, in one table, with its unit.

/// Longest access token that is accepted, in bytes.
pub const TOKEN_BYTES_MAX: usize = protocol::limits::TOKEN_BYTES_MAX;
/// Longest access token that [`crate::GuardBuilder::token_bytes_max`] can allow, in bytes.
pub const TOKEN_BYTES_MOST: usize = 64 * 1024;
/// Least time between two log lines about opaque tokens that can't be introspected, in seconds.
pub const OPAQUE_NOTICE_SECONDS: i64 = 60;
/// Most values of one claim that holds scopes or roles.
pub const CLAIM_VALUES_MAX: usize = 1_000;
/// How far the clocks of two machines may differ by default, in seconds (RFC 9068 §4: "a few minutes" at most).
pub const LEEWAY_SECONDS: i64 = 30;
/// Most seconds that [`crate::GuardBuilder::leeway`] can allow.
pub const LEEWAY_SECONDS_MAX: i64 = 300;
/// How old a DPoP proof may be, and how far ahead of this clock, in seconds (RFC 9449 §11.1).
pub const PROOF_SECONDS: i64 = protocol::limits::PROOF_SECONDS;
/// Longest `jti` of a DPoP proof, in bytes.
pub const PROOF_ID_BYTES_MAX: usize = protocol::limits::PROOF_ID_BYTES_MAX;
/// Most DPoP proofs that [`crate::MemoryReplays`] remembers by default.
pub const PROOFS_MAX: usize = 200_000;
/// Most DPoP proofs of one key that [`crate::MemoryReplays`] remembers, so that one sender can't exclude the others.
pub const PROOFS_PER_KEY_MAX: u32 = 20_000;
/// Lifetime of a DPoP nonce, in seconds.
pub const NONCE_SECONDS: i64 = protocol::limits::NONCE_SECONDS;
/// Age of a DPoP nonce from which responses carry a new one, in seconds.
pub const NONCE_RENEWED_SECONDS: i64 = protocol::limits::NONCE_RENEWED_SECONDS;
/// Shortest secret for DPoP nonces, in bytes.
pub const NONCE_KEY_BYTES_LEAST: usize = protocol::limits::NONCE_KEY_BYTES_LEAST;
/// Default deadline of a fetch or an introspection, in milliseconds.
pub const DEADLINE_MILLIS: u64 = fetching::limits::DEADLINE_MILLIS;
/// Longest answer of the authorization server, in bytes.
pub const ANSWER_BYTES_MAX: usize = fetching::limits::ANSWER_BYTES_MAX;
/// Least time between two fetches of a document because of its age, in seconds.
pub const REFETCH_SECONDS: i64 = 30;
/// How often the issuer's keys may be fetched in a row for a `kid` that is not among them.
pub const LOOKUPS_MAX: u32 = 3;
/// Time until they may be fetched for one more, in seconds: so long can invented `kid`s delay that a new key is noticed.
pub const LOOKUP_SECONDS: i64 = 2;
/// Least time between two fetches of a document that was never fetched successfully, in seconds.
pub const RETRY_SECONDS: i64 = 1;
/// Age from which a key set is fetched again even if no key is missing, in seconds.
pub const KEYS_FRESH_SECONDS: i64 = 600;
/// Age beyond which a key set that can't be fetched again is no longer used, in seconds.
pub const KEYS_KEPT_SECONDS_MAX: i64 = 24 * 60 * 60;
/// Age at which the discovery document is fetched again, in seconds.
pub const DISCOVERY_FRESH_SECONDS: i64 = 3_600;
/// Default lifetime of a cached introspection answer or signature check, in seconds.
pub const CACHE_SECONDS: u64 = 10;
/// Longest lifetime of a cached introspection answer, in seconds: a revocation stays unnoticed that long.
pub const CACHE_SECONDS_MAX: u64 = 3_600;
/// Longest time for which the last answer may be used while the server is unavailable, in seconds.
pub const LAST_ANSWER_SECONDS_MAX: u64 = 3_600;
/// Most tokens of one issuer in the cache.
pub const CACHE_ENTRIES_MAX: usize = 10_000;
/// Most memory of the cache for the tokens of one issuer, in bytes.
pub const CACHE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most concurrent introspection requests; beyond that callers get 503.
pub const INTROSPECTIONS_MAX: usize = 1_024;
/// Most issuers that one guard trusts.
pub const ISSUERS_MAX: usize = 32;
/// Most decryption keys of a guard; a key without an algorithm counts once for each algorithm that it supports.
pub const OWN_KEYS_MAX: usize = 32;
/// Consecutive failures after which introspection is paused.
pub const BREAKER_FAILURES: u32 = 5;
/// Length of that pause, in seconds; then one request probes whether the server is back.
pub const BREAKER_SECONDS: i64 = 5;
/// Age beyond which a signed introspection answer is not accepted, in seconds: it may have been recorded to be
/// replayed for another token.
pub const ANSWER_AGE_SECONDS_MAX: i64 = 300;
/// Lifetime of a client assertion, in seconds.
pub const ASSERTION_SECONDS: i64 = 60;
/// Shortest secret that signs a client assertion, in bytes: as long as the hash (RFC 7518 §3.2).
pub const SECRET_JWT_BYTES_LEAST: usize = 32;
/// Assumed lifetime of an access token for introspection if the server does not tell it, in seconds.
pub const TOKEN_FRESH_SECONDS: i64 = 300;
/// Longest file of a decryption key, in bytes.
pub const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;
/// How long others may cache the resource's own metadata and keys, in seconds.
pub const DOCUMENT_FRESH_SECONDS: u32 = 300;
/// `Retry-After` while the authorization server is unavailable, in seconds. It is [`LOOKUP_SECONDS`] where only a key has
/// to be looked up.
pub const RETRY_AFTER_SECONDS: u32 = 5;
/// Longest message to an MCP server that is parsed to find the tool, in bytes.
pub const MCP_MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most claims that one UserInfo request may ask for.
pub const CLAIMS_MAX: usize = 64;
/// Most languages of `claims_locales` that are considered.
pub const LOCALES_MAX: usize = 8;
/// Longest language tag that is considered, in bytes (RFC 5646 §4.4.1: at least 35).
pub const LOCALE_BYTES_MAX: usize = 35;
