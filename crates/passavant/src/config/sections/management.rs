//! `[management]`: what operators ask, on a port of its own.

use std::net::SocketAddr;

use super::super::kind::{Address, Optional};

section! {
    /// Endpoints for operators and their tools, never on the public port.
    Management at "management." {
        /// Where `/health/live` and `/health/ready` are answered, on a port of its own; nowhere unless it is set.
        listen: Option<SocketAddr> = Optional(Address), example "127.0.0.1:4001";
    }
}
