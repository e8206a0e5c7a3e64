//! Every limit of the guard as a proxy, in one table, with its unit. Those of connections are in [`serving::limits`],
//! those of tokens in [`resource`].

/// The upstream must take a connection in so many seconds.
pub(super) const CONNECT_SECONDS_MAX: u64 = 5;
/// The head of the upstream's answer must be there so many seconds after the last of the request went, unless said
/// otherwise.
pub(super) const UPSTREAM_SECONDS: u64 = 60;
/// Longest time that can be set for that, in seconds.
pub(super) const UPSTREAM_SECONDS_MAX: u64 = 3_600;
/// Longest request body, in bytes, unless said otherwise.
pub(super) const BODY_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// A request body may pause so many seconds.
pub(super) const BODY_PAUSE_SECONDS_MAX: u64 = 60;
/// An answer's body may pause so many seconds: events may be rare.
pub(super) const ANSWER_PAUSE_SECONDS_MAX: u64 = 600;
/// A tunnel may be silent in both directions for so many seconds.
pub(super) const TUNNEL_PAUSE_SECONDS_MAX: u64 = 600;
/// Tunnels at one time.
pub(super) const TUNNELS_MAX: usize = 1_000;
/// Connections to the upstream that are kept for the next request.
pub(super) const UPSTREAM_IDLE_MAX: usize = 64;
/// How long they are kept, in seconds: less than most servers wait before they close.
pub(super) const UPSTREAM_IDLE_SECONDS: u64 = 4;
/// Longest head of the upstream's answer, in bytes.
pub(super) const UPSTREAM_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most header fields in the upstream's answer.
pub(super) const UPSTREAM_HEADERS_MAX: usize = 200;
/// Longest header that tells the upstream of the token, in bytes.
pub(super) const IDENTITY_BYTES_MAX: usize = 8 * 1024;
/// The upstream must take a connection in so many seconds to count as ready.
pub(super) const READY_SECONDS_MAX: u64 = 2;
/// Longest path in a log line, in bytes.
pub(super) const LOGGED_BYTES_MAX: usize = 128;
/// Longest client secret, in bytes.
pub(super) const SECRET_BYTES_MAX: usize = 8 * 1024;
