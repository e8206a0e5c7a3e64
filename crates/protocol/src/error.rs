//! Registered error codes and their HTTP status.

/// A registered error code: the value of `error` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The user or the server denied the request (RFC 6749 §4.1.2.1).
    AccessDenied,
    /// The user has not answered yet (RFC 8628 §3.5).
    AuthorizationPending,
    /// The user must consent, and `prompt=none` forbids asking (OpenID Connect Core 1.0 §3.1.2.6).
    ConsentRequired,
    /// The device code, or the `auth_req_id`, has expired (RFC 8628 §3.5, CIBA Core 1.0 §11).
    ExpiredToken,
    /// The token lacks a scope (RFC 6750 §3.1).
    InsufficientScope,
    /// The user's authentication is too weak or too old (RFC 9470 §3).
    InsufficientUserAuthentication,
    /// The user must interact, and `prompt=none` forbids it (OpenID Connect Core 1.0 §3.1.2.6).
    InteractionRequired,
    /// `authorization_details` is malformed, of an unknown type, or more than was granted (RFC 9396 §5, §6).
    InvalidAuthorizationDetails,
    /// The binding message can't be shown to the user (CIBA Core 1.0 §13).
    InvalidBindingMessage,
    /// Client authentication failed, or used another method than the registered one (RFC 6749 §5.2).
    InvalidClient,
    /// The metadata that a client registers is invalid (RFC 7591 §3.2.2).
    InvalidClientMetadata,
    /// The DPoP proof is invalid (RFC 9449 §5, §7.1). At an API the status is 401.
    InvalidDpopProof,
    /// The code, refresh token or assertion is invalid, expired or revoked (RFC 6749 §5.2).
    InvalidGrant,
    /// A redirect URI that a client registers is invalid (RFC 7591 §3.2.2).
    InvalidRedirectUri,
    /// Malformed, missing or repeated parameters (RFC 6749 §5.2).
    InvalidRequest,
    /// The request object is invalid (RFC 9101 §7).
    InvalidRequestObject,
    /// `request_uri` is unknown, has expired or was used, or nothing valid is there (RFC 9101 §7).
    InvalidRequestUri,
    /// Unknown, malformed or excessive scope (RFC 6749 §5.2).
    InvalidScope,
    /// The software statement of a registration is invalid (RFC 7591 §3.2.2).
    InvalidSoftwareStatement,
    /// An unknown or unacceptable resource (RFC 8707 §2).
    InvalidTarget,
    /// The access token is invalid, expired or revoked (RFC 6750 §3.1).
    InvalidToken,
    /// The user must sign in, and `prompt=none` forbids asking (OpenID Connect Core 1.0 §3.1.2.6).
    LoginRequired,
    /// `registration` is not supported (OpenID Connect Core 1.0 §3.1.2.6).
    RegistrationNotSupported,
    /// `request` is not supported (OpenID Connect Core 1.0 §3.1.2.6).
    RequestNotSupported,
    /// `request_uri` is not supported (OpenID Connect Core 1.0 §3.1.2.6).
    RequestUriNotSupported,
    /// The server failed (RFC 6749 §4.1.2.1).
    ServerError,
    /// The client polls too often: from now on it waits 5 seconds longer (RFC 8628 §3.5).
    SlowDown,
    /// The server can't answer now; the client may try again later (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable,
    /// The software statement of a registration is not one that the server approves (RFC 7591 §3.2.2).
    UnapprovedSoftwareStatement,
    /// The hint names no user of this server (CIBA Core 1.0 §13).
    UnknownUserId,
    /// The client is not allowed to use this grant or response type (RFC 6749 §5.2).
    UnauthorizedClient,
    /// The user can't authenticate as the client requires (OpenID Connect Core Error Code
    /// `unmet_authentication_requirements` 1.0).
    UnmetAuthenticationRequirements,
    /// The server does not support the grant type (RFC 6749 §5.2).
    UnsupportedGrantType,
    /// The server does not support the response type (RFC 6749 §4.1.2.1).
    UnsupportedResponseType,
    /// The server does not revoke tokens of this kind (RFC 7009 §2.2.1).
    UnsupportedTokenType,
    /// The DPoP proof needs another nonce, which comes with the answer (RFC 9449 §8, §9). At an API the status is 401.
    UseDpopNonce,
}

impl ErrorCode {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AuthorizationPending => "authorization_pending",
            Self::ConsentRequired => "consent_required",
            Self::ExpiredToken => "expired_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidBindingMessage => "invalid_binding_message",
            Self::InvalidClient => "invalid_client",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::SlowDown => "slow_down",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
            Self::UnknownUserId => "unknown_user_id",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    /// The HTTP status of an answer that is not a redirect.
    pub const fn status(self) -> u16 {
        match self {
            Self::InsufficientUserAuthentication | Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            Self::AccessDenied
            | Self::AuthorizationPending
            | Self::ConsentRequired
            | Self::ExpiredToken
            | Self::InteractionRequired
            | Self::InvalidClientMetadata
            | Self::InvalidDpopProof
            | Self::InvalidAuthorizationDetails
            | Self::InvalidGrant
            | Self::InvalidRedirectUri
            | Self::InvalidRequest
            | Self::InvalidRequestObject
            | Self::InvalidRequestUri
            | Self::InvalidScope
            | Self::InvalidSoftwareStatement
            | Self::InvalidTarget
            | Self::LoginRequired
            | Self::RegistrationNotSupported
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported
            | Self::SlowDown
            | Self::UnknownUserId
            | Self::InvalidBindingMessage
            | Self::UnapprovedSoftwareStatement
            | Self::UnauthorizedClient
            | Self::UnmetAuthenticationRequirements
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType
            | Self::UnsupportedTokenType
            | Self::UseDpopNonce => 400,
        }
    }
}
