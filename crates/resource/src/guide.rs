//! The guide: how to protect an API, chapter by chapter. The modules contain only documentation; every example is
//! compiled and run with the tests of this crate, with all features.
//!
//! | you want to | chapter |
//! |---|---|
//! | protect routes, and require scopes | [`protect`] |
//! | choose between local verification of JWTs and introspection | [`judging`] |
//! | know how long a revoked token still works, and what happens while the server is unavailable | [`caching`] |
//! | read encrypted introspection answers (RFC 9701), as public administrations require | [`encrypted`] |
//! | accept the tokens of Keycloak, Entra ID, Okta, Auth0, Cognito and others | [`providers`] |
//! | trust several issuers, and require a stronger sign-in | [`issuers`] |
//! | make a stolen token useless: DPoP, client certificates | [`bound`] |
//! | protect an MCP server, with scopes for each tool | [`mcp`] |
//! | request a user's claims, or serve them | [`userinfo`] |
//! | test an API against a scripted authorization server | [`testing`] |
//!
//! Each chapter ends with the equivalents in Spring Security, django-oauth-toolkit and django-lasuite.
//!
//! Every refusal has a [`Reason`](crate::Reason), whose `slug` is logged; every limit is in [`limits`](crate::limits).

pub mod bound;
pub mod caching;
pub mod encrypted;
pub mod issuers;
pub mod judging;
pub mod mcp;
pub mod protect;
pub mod providers;
pub mod testing;
pub mod userinfo;
