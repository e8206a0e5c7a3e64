//! `[log]`: what is logged.

use super::super::kind::{Several, Text};

section! {
    /// What is logged.
    Log at "log." {
        /// What is logged to standard error: `error`, `warn`, `info`, `debug`, `trace`, or `target=level`, joined by
        /// commas. Where neither the file nor `PASSAVANT_LOG__FILTER` sets it, `RUST_LOG` does. Each request is one line of
        /// the target `http.request`: public documents and health probes at `debug`, refusals that look like an attack at
        /// `warn`, all else at `info`; `info,http.request=warn` leaves out the lines of usual requests. What changed is one
        /// line of the target `event`: sign-ins, consent, signing keys, and what operators do.
        filter: Vec<String> = Several(Text("a directive of `tracing`")), default "info";
    }
}
