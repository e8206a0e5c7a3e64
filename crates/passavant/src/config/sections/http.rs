//! `[http]`: where requests come in.

use std::net::SocketAddr;

use super::super::kind::{Address, Several, Text};

section! {
    /// The public listeners.
    Http at "http." {
        /// Addresses to listen on: plain HTTP, for a reverse proxy in front. At least one; port 0 is one that the system picks.
        listen: Vec<SocketAddr> = Several(Address), default "127.0.0.1:4000";
        /// Whose `X-Forwarded-For` is trusted. It identifies who fails to sign in, and never builds a URL.
        trusted_proxies: Vec<String> = Several(Text("an address, or network (`10.0.0.0/8`)")), example "127.0.0.1";
    }
}
