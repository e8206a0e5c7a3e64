//! Refusals of the authorization endpoint that are redirected to the client, with `state` and `iss`.

family! { $ authorize
    /// `response_type` is required (RFC 6749 §4.1.1).
    ResponseTypeMissing, "response_type_missing", InvalidRequest, Plain, "response_type is missing";
    /// The response type is unknown, or has tokens and the setting for those is off (RFC 9700 §2.1.2).
    ResponseTypeUnsupported, "response_type_unsupported", UnsupportedResponseType, Plain,
        "This response_type is not supported";
    /// The client did not register the response type (RFC 7591 §2).
    ResponseTypeNotRegistered, "response_type_not_registered", UnauthorizedClient, Plain,
        "The client is not registered for this response_type";
    /// The client registered that its access tokens are bound to a key, which nobody proves to hold at the authorization
    /// endpoint (RFC 9449 §5, RFC 8705 §3).
    ResponseTypeUnbound, "response_type_unbound", UnauthorizedClient, Plain,
        "The access tokens of this client are bound to a key, which those of this response_type are not";
    /// This server does not serve the response mode (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
    ResponseModeUnsupported, "response_mode_unsupported", InvalidRequest, Plain,
        "This response_mode is not supported";
    /// Tokens are never sent in a query (OAuth 2.0 Multiple Response Type Encoding Practices §5).
    ResponseModeNotAllowed, "response_mode_not_allowed", InvalidRequest, Plain,
        "This response_mode is not allowed for a response_type with tokens";
    /// An ID token from the authorization endpoint needs a nonce (OpenID Connect Core 1.0 §3.2.2.1).
    NonceMissing, "nonce_missing", InvalidRequest, Plain, "nonce is required for this response_type";
    /// An ID token needs the scope `openid` (OpenID Connect Core 1.0 §3.1.2.1).
    ScopeOpenidMissing, "scope_openid_missing", InvalidScope, Plain,
        "The scope openid is required for this response_type";
    /// The client must use PKCE (RFC 9700 §2.1.1).
    PkceMissing, "pkce_missing", InvalidRequest, Plain, "code_challenge is required";
    /// A confidential client must send a challenge, or a nonce with the scope `openid` (RFC 9700 §2.1.1).
    PkceOrNonceMissing, "pkce_or_nonce_missing", InvalidRequest, Plain,
        "code_challenge or nonce is required; a nonce is enough only with the scope openid";
    /// The challenge is not the base64url of a SHA-256 hash (RFC 7636 §4.2).
    PkceMalformed, "pkce_malformed", InvalidRequest, Plain, "code_challenge must be 43 characters of base64url";
    /// Only the challenge method `S256` is served (RFC 9700 §2.1.1).
    PkceMethodUnsupported, "pkce_method_unsupported", InvalidRequest, Plain,
        "code_challenge_method must be S256";
    /// A value of `prompt` is unknown, or `none` came with another value (OpenID Connect Core 1.0 §3.1.2.1).
    PromptInvalid, "prompt_invalid", InvalidRequest, Plain, "prompt is invalid";
    /// `max_age` is not a number of seconds (OpenID Connect Core 1.0 §3.1.2.1).
    MaxAgeInvalid, "max_age_invalid", InvalidRequest, Plain, "max_age is invalid";
    /// `claims` is not JSON of the form that is defined, or names too many claims (OpenID Connect Core 1.0 §5.5).
    ClaimsMalformed, "claims_malformed", InvalidRequest, Plain, "claims is malformed";
    /// No authentication here is as strong as the client requires (OpenID Connect Core 1.0 §5.5.1.1).
    AuthenticationWeak, "authentication_weak", UnmetAuthenticationRequirements, Plain,
        "The user can not authenticate as strongly as the client requires";
    /// `id_token_hint` is not an ID token of this server (OpenID Connect Core 1.0 §3.1.2.1).
    HintInvalid, "hint_invalid", InvalidRequest, Plain, "id_token_hint is invalid";
    /// `request` is not served (OpenID Connect Core 1.0 §3.1.2.6).
    RequestObjectUnsupported, "request_object_unsupported", RequestNotSupported, Plain,
        "The request parameter is not supported";
    /// `request_uri` is not served (OpenID Connect Core 1.0 §3.1.2.6).
    RequestUriUnsupported, "request_uri_unsupported", RequestUriNotSupported, Plain,
        "The request_uri parameter is not supported";
    /// The request object is no JWT, is of another type, or has an algorithm that is not allowed, such as `none` (RFC 9101
    /// §4, §6.2).
    RequestObjectMalformed, "request_object_malformed", InvalidRequestObject, Plain,
        "The request object is not a JWT of a type and algorithm that is allowed for this client";
    /// No registered key of the client verifies the request object (RFC 9101 §6.2).
    RequestObjectSignatureWrong, "request_object_signature_wrong", InvalidRequestObject, Suspicious,
        "No registered key verifies the request object";
    /// `client_id`, `iss`, `aud` or another claim of the request object is not what RFC 9101 §4 and §5 demand.
    RequestObjectClaimWrong, "request_object_claim_wrong", InvalidRequestObject, Plain,
        "A claim of the request object is missing or wrong";
    /// `exp` of the request object has passed, `nbf` has not, or they are too far apart (RFC 9101 §4).
    RequestObjectExpired, "request_object_expired", InvalidRequestObject, Plain,
        "The request object has expired, is not yet valid, or is valid for too long";
    /// A request object with this `jti` was used before (RFC 7519 §4.1.7).
    RequestObjectReplayed, "request_object_replayed", InvalidRequestObject, Suspicious,
        "The request object was already used";
    /// The keys that would verify the request object could not be fetched (RFC 7591 §2).
    RequestObjectKeysUnavailable, "request_object_keys_unavailable", InvalidRequestObject, Plain,
        "The keys of the client could not be fetched";
    /// The client, or every client here, must sign its requests (RFC 9101 §10.5).
    RequestObjectMissing, "request_object_missing", InvalidRequest, Plain,
        "The authorization request must be signed (RFC 9101)";
    /// The client, or every client here, must push its requests (RFC 9126 §5, §6).
    PushedRequestMissing, "pushed_request_missing", InvalidRequest, Plain,
        "The authorization request must be pushed (RFC 9126)";
    /// A request that is pushed holds no `request_uri` (RFC 9126 §2.1).
    RequestUriUnexpected, "request_uri_unexpected", InvalidRequest, Plain, "A pushed request must not have a request_uri";
    /// Public clients push more requests in a minute than are stored for them (RFC 9126 §7.2).
    PushedTooMany, "pushed_too_many", TemporarilyUnavailable, Suspicious,
        "Too many requests were pushed; try again in a minute";
    /// `registration` is not served (OpenID Connect Core 1.0 §3.1.2.6).
    RegistrationUnsupported, "registration_unsupported", RegistrationNotSupported, Plain,
        "The registration parameter is not supported";
    /// `prompt=none`, and nobody suitable is signed in (OpenID Connect Core 1.0 §3.1.2.6).
    LoginRequired, "login_required", LoginRequired, Plain, "The user must sign in";
    /// `prompt=none`, and consent must be asked for (OpenID Connect Core 1.0 §3.1.2.6).
    ConsentRequired, "consent_required", ConsentRequired, Plain, "The user must consent";
    /// The user denied the request (RFC 6749 §4.1.2.1).
    ConsentDenied, "consent_denied", AccessDenied, Plain, "The user denied the request";
}
