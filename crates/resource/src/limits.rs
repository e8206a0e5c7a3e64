//! Every limit of a guard, in one table, with its unit.

/// Longest access token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = protocol::limits::TOKEN_BYTES_MAX;
/// How far the clocks of two machines may differ, in seconds (RFC 9068 §4: "a few minutes" at most).
pub const LEEWAY_SECONDS: i64 = 30;
/// How long a fetch or an introspection may take unless the builder says otherwise, in milliseconds.
pub const DEADLINE_MILLIS: u64 = 5_000;
/// Longest answer of the authorization server, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Least time between two fetches of the same document, in seconds, so that made-up `kid`s cause no traffic.
pub const REFETCH_SECONDS: i64 = 30;
/// Least time between two fetches of a document that was never had, in seconds.
pub const RETRY_SECONDS: i64 = 1;
/// Age at which a key set is fetched again though nothing asks for it, in seconds.
pub const KEYS_FRESH_SECONDS: i64 = 600;
/// Age beyond which a key set that can't be fetched again is no longer used, in seconds.
pub const KEYS_KEPT_SECONDS_MAX: i64 = 24 * 60 * 60;
/// Age at which the discovery document is fetched again, in seconds.
pub const DISCOVERY_FRESH_SECONDS: i64 = 3_600;
/// How long an introspection answer is kept unless the builder says otherwise, in seconds.
pub const CACHE_SECONDS: u64 = 10;
/// Longest time for which an introspection answer may be kept, in seconds: a revocation stays unseen that long.
pub const CACHE_SECONDS_MAX: u64 = 3_600;
/// Most introspection answers that are kept.
pub const CACHE_ENTRIES_MAX: usize = 10_000;
/// Most memory for kept introspection answers, in bytes of their texts.
pub const CACHE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most introspection requests under way at once; beyond it callers read 503.
pub const INTROSPECTIONS_MAX: usize = 1_024;
/// Longest file of a decryption key, in bytes.
pub const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;
/// How long others may keep the resource's own metadata and keys, in seconds.
pub const DOCUMENT_FRESH_SECONDS: u32 = 300;
/// What `Retry-After` says when the authorization server is away, in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 5;
/// Most claims that one UserInfo request may ask for.
pub const CLAIMS_MAX: usize = 64;
/// Most languages of `claims_locales` that are looked at.
pub const LOCALES_MAX: usize = 8;
/// Longest language tag that is looked at, in bytes (RFC 5646 §4.4.1: at least 35).
pub const LOCALE_BYTES_MAX: usize = 35;
