//! Logging, always on standard error: as text on a terminal, as JSON elsewhere.

use std::io::{self, IsTerminal as _};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Sets up logging by this filter.
pub(crate) fn log(filter: &str) {
    let filter = filter.parse().unwrap_or_else(|_| Targets::new().with_default(Level::INFO));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = fmt::layer().with_writer(io::stderr);
    // A second call has no effect: the first subscriber stays.
    let _ = if io::stderr().is_terminal() {
        registry.with(layer.with_target(false)).try_init()
    } else {
        let layer = layer.json().flatten_event(true).with_current_span(false).with_span_list(false);
        registry.with(layer).try_init()
    };
}

/// Sets up logging for a command: only warnings and errors.
pub(crate) fn log_warnings() {
    let layer = fmt::layer().with_writer(io::stderr).with_target(false).without_time();
    let layer = layer.with_ansi(io::stderr().is_terminal());
    let _ =
        tracing_subscriber::registry().with(Targets::new().with_default(Level::WARN)).with(layer).try_init();
}
