//! Logging, always on standard error: as text on a terminal, as JSON elsewhere.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Sets up logging by this filter.
pub(crate) fn log(filter: &str) {
    let filter = filter.parse().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second call has no effect: the first subscriber stays.
    let _ = if io::stderr().is_terminal() {
        builder.with_target(false).try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
}

/// Sets up logging for a command: only warnings and errors.
pub(crate) fn log_warnings() {
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("warn")).with_writer(io::stderr);
    let _ = builder.with_target(false).without_time().with_ansi(io::stderr().is_terminal()).try_init();
}
