//! The default limits of one fetch.

/// How long a fetch may take, in milliseconds.
pub const DEADLINE_MILLIS: u64 = 5_000;
/// Maximum size of the response, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
