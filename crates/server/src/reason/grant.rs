//! Token requests: grant types, scopes, resources, codes, PKCE, refresh tokens.

family! { $ grant
    /// This server does not serve the grant type (RFC 6749 §5.2).
    GrantTypeUnsupported, "grant_type_unsupported", UnsupportedGrantType, Plain,
        "This grant_type is not supported";
    /// The client did not register this grant type (RFC 6749 §5.2).
    GrantTypeNotRegistered, "grant_type_not_registered", UnauthorizedClient, Plain,
        "The client is not registered for this grant_type";
    /// Only confidential clients may use client_credentials (RFC 6749 §4.4).
    ClientCredentialsNotAllowed, "client_credentials_not_allowed", UnauthorizedClient, Plain,
        "client_credentials is for confidential clients";
    /// The scope does not follow the grammar of RFC 6749 §3.3.
    ScopeMalformed, "scope_malformed", InvalidScope, Plain, "scope is malformed";
    /// A scope is not registered to the client (RFC 6749 §3.3).
    ScopeNotRegistered, "scope_not_registered", InvalidScope, Plain,
        "A requested scope is not registered to this client";
    /// The request asks for more scope than was granted (RFC 6749 §6).
    ScopeNotGranted, "scope_not_granted", InvalidScope, Plain, "A requested scope exceeds what was granted";
    /// No resource with this identifier is registered (RFC 8707 §2).
    AudienceNotRegistered, "audience_not_registered", InvalidTarget, Plain,
        "A requested resource is not registered";
    /// None of the resource's scopes is registered to this client, or the resource was not approved (RFC 8707 §2).
    ResourceNotAllowed, "resource_not_allowed", InvalidTarget, Plain,
        "The client may not ask for a requested resource";
    /// The token would be for more than one resource, any of which could use it at the others, and the setting
    /// `audience.one_resource_per_token` refuses that (RFC 9700 §2.3, RFC 8707 §2.2).
    AudienceTooMany, "audience_too_many", InvalidTarget, Plain,
        "The token would be for several resources: send resource with the identifier of one of them";
    /// `authorization_details` is not a list of objects with a `type` (RFC 9396 §2, §5).
    DetailsMalformed, "details_malformed", InvalidAuthorizationDetails, Plain, "authorization_details is malformed";
    /// No resource registered the type of the authorization details (RFC 9396 §5).
    DetailsTypeUnknown, "details_type_unknown", InvalidAuthorizationDetails, Plain,
        "A type of authorization_details is unknown";
    /// The client did not register the type of the authorization details (RFC 9396 §10).
    DetailsTypeNotRegistered, "details_type_not_registered", InvalidAuthorizationDetails, Plain,
        "A type of authorization_details is not registered to this client";
    /// A member of the authorization details is missing, not one of their type, or has another form (RFC 9396 §5).
    DetailsMemberInvalid, "details_member_invalid", InvalidAuthorizationDetails, Plain,
        "A member of authorization_details is missing, or not one of its type";
    /// The token request names authorization details that were not granted (RFC 9396 §6).
    DetailsNotGranted, "details_not_granted", InvalidAuthorizationDetails, Plain,
        "The requested authorization_details exceed what was granted";
    /// There is no such code (RFC 6749 §5.2).
    CodeUnknown, "code_unknown", InvalidGrant, Plain, "The code is invalid";
    /// The code was used before; its tokens are revoked (RFC 6749 §4.1.2).
    CodeReused, "code_reused", InvalidGrant, Suspicious, "The code is invalid";
    /// The code is past its lifetime (RFC 6749 §4.1.2).
    CodeExpired, "code_expired", InvalidGrant, Plain, "The code has expired";
    /// The code was issued to another client (RFC 6749 §4.1.3).
    CodeClientMismatch, "code_client_mismatch", InvalidGrant, Suspicious, "The code is invalid";
    /// `redirect_uri` is not that of the authorization request (RFC 6749 §4.1.3).
    CodeRedirectMismatch, "code_redirect_mismatch", InvalidGrant, Plain,
        "redirect_uri differs from the one of the authorization request";
    /// The grant was revoked (RFC 6749 §5.2).
    GrantEnded, "grant_ended", InvalidGrant, Plain, "The grant has ended";
    /// Nothing of what was approved is registered to the client any more (RFC 6749 §5.2).
    ApprovalEnded, "approval_ended", InvalidGrant, Plain, "Nothing of what was approved is allowed any more";
    /// The verifier does not match the challenge (RFC 7636 §4.6).
    PkceMismatch, "pkce_mismatch", InvalidGrant, Suspicious, "code_verifier does not match";
    /// A challenge was sent, a verifier was not (RFC 7636 §4.6).
    PkceVerifierMissing, "pkce_verifier_missing", InvalidGrant, Plain, "code_verifier is missing";
    /// A verifier was sent, a challenge was not (RFC 9700 §4.8.2).
    PkceVerifierUnexpected, "pkce_verifier_unexpected", InvalidGrant, Plain,
        "code_verifier was sent, but no code_challenge";
    /// This server issued no such refresh token (RFC 6749 §5.2).
    RefreshUnknown, "refresh_unknown", InvalidGrant, Plain, "The refresh token is invalid";
    /// The refresh token was unused for too long, or is past its absolute lifetime (RFC 6749 §5.2).
    RefreshExpired, "refresh_expired", InvalidGrant, Plain, "The refresh token has expired";
    /// The refresh token was rotated before and came again: the grant is ended (RFC 9700 §4.14.2).
    RefreshReuseDetected, "refresh_reuse_detected", InvalidGrant, Suspicious, "The refresh token is invalid";
    /// The refresh token was issued to another client (RFC 6749 §6).
    RefreshClientMismatch, "refresh_client_mismatch", InvalidGrant, Suspicious,
        "The refresh token is invalid";
    /// The session has ended, and the grant has no `offline_access` (OpenID Connect Core 1.0 §11).
    SessionEnded, "session_ended", InvalidGrant, Plain, "The session has ended";
    /// The account is disabled or deleted (RFC 6749 §5.2).
    SubjectDisabled, "subject_disabled", InvalidGrant, Plain, "The account is not active";
    /// The user has not answered yet (RFC 8628 §3.5).
    AuthorizationPending, "authorization_pending", AuthorizationPending, Plain,
        "The user has not answered yet";
    /// The client polls sooner than it was told to (RFC 8628 §3.5).
    PollTooEarly, "poll_too_early", SlowDown, Plain,
        "Polled too early: wait 5 seconds longer between requests from now on";
    /// There is no request with this device code or auth_req_id (RFC 8628 §3.5).
    DeferredUnknown, "deferred_unknown", InvalidGrant, Plain, "The code is invalid";
    /// The device code or auth_req_id was issued to another client (RFC 8628 §3.4).
    DeferredClientMismatch, "deferred_client_mismatch", InvalidGrant, Suspicious, "The code is invalid";
    /// The device code or auth_req_id was used before; its tokens are revoked (RFC 8628 §3.5).
    DeferredReused, "deferred_reused", InvalidGrant, Suspicious, "The code is invalid";
    /// The device code or auth_req_id is past its lifetime (RFC 8628 §3.5).
    DeferredExpired, "deferred_expired", ExpiredToken, Plain, "The code has expired";
    /// The user denied it (RFC 8628 §3.5).
    DeferredDenied, "deferred_denied", AccessDenied, Plain, "The user denied the request";
    /// Too many device authorizations were requested from one address within ten minutes (RFC 8628 §5.2).
    DeviceAuthorizationsTooMany, "device_authorizations_too_many", TemporarilyUnavailable, Suspicious,
        "Too many device authorizations; try again in ten minutes";
    /// The operator did not allow the client to exchange tokens, or it has no credential (RFC 8693 §2.1).
    ExchangeNotAllowed, "exchange_not_allowed", UnauthorizedClient, Plain,
        "The client may not exchange tokens";
    /// The token type is not one that is exchanged, or not one that is issued (RFC 8693 §2.1, §3).
    TokenTypeUnsupported, "token_type_unsupported", InvalidRequest, Plain, "The token type is not supported";
    /// The subject token is not a live token of this server, or its key was not shown (RFC 8693 §2.2.2).
    SubjectTokenInactive, "subject_token_inactive", InvalidRequest, Plain, "The subject_token is invalid";
    /// The policy of the client does not cover the subject token (RFC 8693 §2.2.2).
    SubjectTokenNotAllowed, "subject_token_not_allowed", InvalidRequest, Suspicious,
        "The client may not exchange this subject_token";
    /// The actor token is not a live token that was issued to the client (RFC 8693 §2.2.2).
    ActorTokenInactive, "actor_token_inactive", InvalidRequest, Plain, "The actor_token is invalid";
    /// The account names others that may act for it (RFC 8693 §4.4).
    ActorNotAllowed, "actor_not_allowed", InvalidRequest, Suspicious, "The actor may not act for the subject";
    /// More actors would stand behind the token than are kept (RFC 8693 §4.1).
    ActorsTooMany, "actors_too_many", InvalidRequest, Plain, "Too many actors stand behind the subject_token";
    /// A backchannel authentication request asks for an ID token (CIBA Core 1.0 §7.1).
    OpenidScopeMissing, "openid_scope_missing", InvalidScope, Plain, "scope must contain openid";
    /// More than one hint names the user (CIBA Core 1.0 §7.1).
    UserHintRepeated, "user_hint_repeated", InvalidRequest, Plain,
        "Send exactly one of login_hint, id_token_hint and login_hint_token";
    /// A hint in a token has no format that this server reads (CIBA Core 1.0 §7.1).
    LoginHintTokenUnsupported, "login_hint_token_unsupported", InvalidRequest, Plain,
        "login_hint_token is not supported";
    /// The hint names no active user (CIBA Core 1.0 §13).
    UserUnknown, "user_unknown", UnknownUserId, Plain, "There is no such user";
    /// The binding message is too long, or can't be shown (CIBA Core 1.0 §13).
    BindingMessageInvalid, "binding_message_invalid", InvalidBindingMessage, Plain,
        "binding_message must have at most 64 characters, all of them visible";
    /// The notification token is too long, or not a bearer token (CIBA Core 1.0 §7.1).
    NotificationTokenInvalid, "notification_token_invalid", InvalidRequest, Plain,
        "client_notification_token is invalid";
    /// `requested_expiry` is not a positive number (CIBA Core 1.0 §7.1).
    RequestedExpiryInvalid, "requested_expiry_invalid", InvalidRequest, Plain,
        "requested_expiry must be a positive number of seconds";
    /// Too many requests wait for this user, or came from this client for the user within ten minutes.
    UserRequestsTooMany, "user_requests_too_many", TemporarilyUnavailable, Suspicious,
        "Too many requests for this user; try again in ten minutes";
    /// Public clients present no assertions that speak for users (RFC 7521 §4.1).
    BearerAssertionNotAllowed, "bearer_assertion_not_allowed", UnauthorizedClient, Plain,
        "This grant_type is for confidential clients";
    /// The assertion is not one of a trusted issuer, or its claims are not those that are required (RFC 7523 §3, §3.1).
    BearerAssertionInvalid, "bearer_assertion_invalid", InvalidGrant, Suspicious, "The assertion is invalid";
    /// `exp` has passed, `nbf` has not, or the assertion lives too long (RFC 7523 §3).
    BearerAssertionExpired, "bearer_assertion_expired", InvalidGrant, Plain, "The assertion has expired";
    /// This `jti` was seen before (RFC 7523 §3).
    BearerAssertionReplayed, "bearer_assertion_replayed", InvalidGrant, Suspicious,
        "The assertion was used before";
    /// The keys of the trusted issuer could not be fetched (RFC 7523 §3).
    BearerAssertionKeysUnavailable, "bearer_assertion_keys_unavailable", TemporarilyUnavailable, Plain,
        "The keys of the issuer of the assertion are unavailable";
    /// The client or resource registered an algorithm that this server does not serve now, or an HS* one with a secret
    /// that does not allow it (OpenID Connect Dynamic Client Registration 1.0 §2, RFC 9701 §6).
    RegistrationNotServed, "registration_not_served", UnauthorizedClient, Plain,
        "The client registered an algorithm that this server does not serve";
}
