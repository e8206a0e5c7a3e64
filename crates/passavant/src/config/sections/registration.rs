//! `[clients.registration]`: who registers clients beside the operator.

use std::time::Duration;

use super::super::{
    duration::{DAY, MINUTE},
    kind::{Boolean, Lasting, Number, OneOf, Several, Text},
};

section! {
    /// Clients that register themselves (RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration 1.0), as most MCP
    /// clients do. Their users are always asked for consent, and told that the client registered itself.
    Registration at "clients.registration." {
        /// Whether clients may register at `/register`: `off`, `token` with an initial access token that `passavant client
        /// registration-token` prints, or `open` for anybody.
        dynamic: DynamicAccess = OneOf(&[("off", DynamicAccess::Off), ("token", DynamicAccess::Token), ("open", DynamicAccess::Open)]), default "off";
        /// Whether a `client_id` may be an https URL, from which the metadata of the client is read (Client ID Metadata
        /// Document), as most MCP clients offer. Addresses of this machine and of private networks are not called.
        cimd: bool = Boolean, default "false";
        /// Whether such documents are read from this machine too, over plain http. Only for tests, and only where
        /// `issuer` is plain http itself.
        danger_loopback_documents: bool = Boolean, default "false";
        /// The grant types that a client may register for itself; `authorization_code` and `refresh_token` unless it is
        /// set. Others are left out, and the answer says so.
        grant_types: Vec<String> = Several(Text("a grant type")), example "authorization_code";
        /// How such a client may authenticate, as `token_endpoint_auth_method` has it; any way that this server supports
        /// unless it is set.
        auth_methods: Vec<String> = Several(Text("an authentication method")), example "none";
        /// The scopes that a client may register for itself; those of OpenID Connect, and those that a resource lists,
        /// unless it is set. Administrative scopes are never among them.
        scopes: Vec<String> = Several(Text("a scope")), example "openid";
        /// Whose software statements (RFC 7591 section 2.3) count: an issuer and the URL of its key set, separated by a
        /// space. Others are refused.
        statement_issuers: Vec<String> = Several(Text("an issuer and the URL of its keys")), example "https://publisher.example https://publisher.example/jwks";
        /// How many clients one address may register in an hour without a token; then it is refused with 429. An IPv6
        /// address counts with its /64 and its /48. Loopback, and a proxy that `http.trusted_proxies` does not name, are
        /// not counted.
        hourly_per_address: u32 = Number { min: 1, max: 100_000, unit: "clients" }, default "20";
        /// How many clients all addresses together may register in an hour without a token.
        hourly: u32 = Number { min: 1, max: 100_000, unit: "clients" }, default "500";
        /// How long a client that registered itself is kept without a token. One that got a token stays.
        unused_lifetime: Duration = Lasting { min: 10 * MINUTE, max: 3650 * DAY }, default "7 days";
    }
}

/// Who may register at `/register`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DynamicAccess {
    /// Nobody.
    Off,
    /// Whoever has an initial access token.
    Token,
    /// Anybody.
    Open,
}
