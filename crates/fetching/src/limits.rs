//! The default limits of one fetch.

/// How long a fetch may take, in milliseconds.
pub const DEADLINE_MILLIS: u64 = 5_000;
/// Maximum size of the response, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Maximum size of a key set, in bytes.
pub const KEY_SET_BYTES_MAX: usize = jose::limits::KEY_SET_BYTES;
/// How many names that are missing in a document are remembered until it is fetched again.
pub const WANTED_MAX: usize = 1_024;
/// How many of the keys that are skipped in one set the log names.
pub const SKIPPED_NAMED_MAX: usize = 8;
