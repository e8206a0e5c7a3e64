//! Access tokens as credentials, and introspection.

family! { $ access
    /// The request has no access token: a bare challenge answers it (RFC 6750 §3).
    TokenMissing, "token_missing", InvalidToken, Plain, "An access token is required";
    /// The access token is unknown, expired or revoked (RFC 6750 §3.1).
    TokenInactive, "token_inactive", InvalidToken, Plain, "The access token is invalid or has expired";
    /// A request must not send the token in more than one way (RFC 6750 §2).
    TokenRepeated, "token_repeated", InvalidRequest, Plain, "The access token was sent in more than one way";
    /// The token lacks the scope (RFC 6750 §3.1).
    ScopeInsufficient, "scope_insufficient", InsufficientScope, Plain,
        "The access token does not have the required scope";
    /// The client registered an algorithm for UserInfo answers that this server does not serve (OpenID Connect Dynamic
    /// Client Registration 1.0 §2); the code is one of RFC 6750 §3.1.
    UserinfoNotServed, "userinfo_not_served", InvalidRequest, Plain,
        "The client registered an algorithm that this server does not serve";
    /// A public client can't introspect (RFC 7662 §2.1).
    IntrospectionNotAllowed, "introspection_not_allowed", InvalidClient, Plain, "Client authentication failed";
    /// The resource registered encryption and asked for a plain answer (RFC 9701 §5).
    IntrospectionPlainRefused, "introspection_plain_refused", InvalidRequest, Plain,
        "This resource must ask with Accept: application/token-introspection+jwt";
}
