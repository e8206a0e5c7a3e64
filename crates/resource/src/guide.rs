//! The guide: how to protect an API, chapter by chapter. Nothing here is code, and every example is compiled and run
//! with the tests of this crate, all features on.
//!
//! | you want to | chapter |
//! |---|---|
//! | protect routes, and say which scopes they need | [`protect`] |
//! | choose between verifying JWTs and asking the server | [`judging`] |
//! | know how long a revoked token still works, and what happens while the server is away | [`caching`] |
//! | read encrypted introspection answers (RFC 9701), as public administrations demand | [`encrypted`] |
//! | trust several issuers, and ask for a stronger sign-in | [`issuers`] |
//! | make a stolen token useless: DPoP, client certificates | [`bound`] |
//! | protect an MCP server, tool by tool | [`mcp`] |
//! | ask for a user's claims, or answer for them | [`userinfo`] |
//! | test an API against a server that does what a test says | [`testing`] |
//!
//! Each chapter ends with how Spring Security, django-oauth-toolkit and django-lasuite say the same.
//!
//! Every refusal has a [`Reason`](crate::Reason), whose `slug` stands in the log; every bound is in
//! [`limits`](crate::limits).

pub mod bound;
pub mod caching;
pub mod encrypted;
pub mod issuers;
pub mod judging;
pub mod mcp;
pub mod protect;
pub mod testing;
pub mod userinfo;
