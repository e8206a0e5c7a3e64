//! `[http]`: where requests come in.

use std::net::SocketAddr;

use super::super::kind::{Address, Several, Text};

section! {
    /// The public listeners.
    Http at "http." {
        /// Addresses to listen on: plain HTTP, for a reverse proxy in front. At least one; port 0 is one that the system picks.
        listen: Vec<SocketAddr> = Several(Address), default "127.0.0.1:4000";
        /// The proxies in front of the server, whose `X-Forwarded-For` is trusted: set it in every installation behind a
        /// proxy. It tells apart who fails to sign in and who opens sign-in pages, and never builds a URL. The log warns
        /// once of a proxy that is not named here; its clients are then not counted by address.
        trusted_proxies: Vec<String> = Several(Text("an address, or network (`10.0.0.0/8`)")), example "127.0.0.1";
    }
}
