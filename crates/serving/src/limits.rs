//! Every limit on connections, in one table, with its unit.

/// Most concurrent connections of the public listeners together. With those of management and the files of the process,
/// they fit into the usual limit of 1,024 file descriptors.
pub const CONNECTIONS_MAX: usize = 960;
/// Most concurrent connections of a listener for operators and their tools.
pub const MANAGEMENT_CONNECTIONS_MAX: usize = 32;
/// The part of all connections that one address may take while others want places: one of this many.
pub const ADDRESS_SHARE: usize = 4;
/// Seconds for the head of a request, from its first byte; of the first request, from the connection on.
pub const HEAD_SECONDS_MAX: u64 = 10;
/// Seconds for the body of a request that [`TimedBody`](crate::TimedBody) reads, from its head on.
pub const BODY_SECONDS_MAX: u64 = 10;
/// Seconds for which a connection may be idle, or its peer may not read.
pub const IDLE_SECONDS_MAX: u64 = 60;
/// Longest head of a request by default, in bytes: the longest URL, and as much for the header fields.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most header fields in one request by default.
pub const HEADERS_MAX: usize = 100;
/// Longest head of a request that a handler can allow, in bytes.
pub const HEAD_BYTES_MOST: usize = 128 * 1024;
/// Most header fields that a handler can allow.
pub const HEADERS_MOST: usize = 1_000;
/// Most concurrent requests on one HTTP/2 connection.
pub const STREAMS_MAX: u32 = 100;
/// Most streams of one HTTP/2 connection that were reset before they were accepted.
pub const RESET_STREAMS_MAX: usize = 20;
/// Seconds for answering what was accepted, once the server is told to stop.
pub const DRAIN_SECONDS_MAX: u64 = 8;
/// Longest file of certificates or of a key, in bytes.
pub const TLS_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Seconds between two looks at whether the files of TLS changed.
pub const TLS_FILES_SECONDS: u64 = 5;
/// Milliseconds to wait where the operating system has no file descriptor left.
pub const ACCEPT_PAUSE_MILLIS: u64 = 50;
