//! `[log]`: what is logged.

use super::super::kind::{Several, Text};

section! {
    /// What is logged.
    Log at "log." {
        /// What is logged to standard error: `error`, `warn`, `info`, `debug`, `trace`, or `target=level`, joined by
        /// commas. Where neither the file nor `PASSAVANT_LOG__FILTER` sets it, `RUST_LOG` does.
        filter: Vec<String> = Several(Text("a directive of `tracing`")), default "info";
    }
}
