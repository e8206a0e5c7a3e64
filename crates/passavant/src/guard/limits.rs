//! Every limit of the guard as a proxy, in one table, with its unit. Those of connections are in [`serving::limits`],
//! those of tokens in [`resource`].

/// Seconds for connecting to the upstream.
pub(super) const CONNECT_SECONDS_MAX: u64 = 5;
/// Most seconds that can be set for the head of the upstream's answer, after the last byte of the request.
pub(super) const UPSTREAM_SECONDS_MAX: u64 = 3_600;
/// Seconds for which a request body may pause.
pub(super) const BODY_PAUSE_SECONDS_MAX: u64 = 60;
/// Seconds for which the body of an answer may pause: server-sent events may be rare.
pub(super) const ANSWER_PAUSE_SECONDS_MAX: u64 = 600;
/// Seconds for which a tunnel may be silent in both directions.
pub(super) const TUNNEL_PAUSE_SECONDS_MAX: u64 = 600;
/// Most concurrent tunnels.
pub(super) const TUNNELS_MAX: usize = 1_000;
/// Most idle connections to the upstream.
pub(super) const UPSTREAM_IDLE_MAX: usize = 64;
/// Seconds for which they are kept: fewer than most servers wait before they close.
pub(super) const UPSTREAM_IDLE_SECONDS: u64 = 4;
/// Longest head of the upstream's answer, in bytes.
pub(super) const UPSTREAM_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most header fields in the upstream's answer.
pub(super) const UPSTREAM_HEADERS_MAX: usize = 200;
/// Longest `X-Auth-*` header, in bytes.
pub(super) const IDENTITY_BYTES_MAX: usize = 8 * 1024;
/// Seconds for connecting to the upstream in a readiness check.
pub(super) const READY_SECONDS_MAX: u64 = 2;
/// How long a browser may remember the answer to a preflight, in seconds.
pub(super) const PREFLIGHT_SECONDS: u32 = 600;
/// Most header fields in one request by default: `/check` gets those of the request that it judges.
pub(super) const HEADERS_MAX: u16 = 200;
/// Longest path in a log line, in bytes.
pub(super) const LOGGED_BYTES_MAX: usize = 128;
/// Longest client secret, in bytes.
pub(super) const SECRET_BYTES_MAX: usize = 8 * 1024;
