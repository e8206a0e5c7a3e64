//! What a route demands of a token that is valid.

family! { $ policy
    /// The token lacks a scope (RFC 6750 §3.1).
    ScopeInsufficient, "scope_insufficient", Some(InsufficientScope),
        "The token does not have the scope that is needed";
    /// The policy of the route does not name this method, so it is refused whatever the token holds (RFC 6750 §3.1).
    MethodNotCovered, "method_not_covered", Some(InsufficientScope), "No token is enough for this method here";
    /// `acr` is none of those that the route demands (RFC 9470 §3).
    AuthenticationWeak, "authentication_weak", Some(InsufficientUserAuthentication),
        "A different authentication level is required";
    /// `auth_time` is absent, or longer ago than the route allows (RFC 9470 §3).
    AuthenticationOld, "authentication_old", Some(InsufficientUserAuthentication),
        "More recent authentication is required";
    /// A rule of the API refuses the claims of the token (RFC 6750 §3.1).
    ClaimsRefused, "claims_refused", Some(InsufficientScope), "The token is not enough for this";
}
