//! The error codes that the specifications register, and the HTTP status each one has.

/// A registered error code: what stands in `error` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The user or the server said no (RFC 6749 §4.1.2.1).
    AccessDenied,
    /// A page must be shown, and `prompt=none` forbids it (OpenID Connect Core 1.0 §3.1.2.6).
    ConsentRequired,
    /// The token holds too little scope (RFC 6750 §3.1).
    InsufficientScope,
    /// The user signed in too weakly or too long ago (RFC 9470 §3).
    InsufficientUserAuthentication,
    /// `prompt=none`, and something must be shown (OpenID Connect Core 1.0 §3.1.2.6).
    InteractionRequired,
    /// Who asks is not who it says, or did not say it as registered (RFC 6749 §5.2).
    InvalidClient,
    /// The DPoP proof is no good (RFC 9449 §5, §7.1). At an API the status is 401.
    InvalidDpopProof,
    /// The code, refresh token or assertion is no good (RFC 6749 §5.2).
    InvalidGrant,
    /// Malformed, missing or repeated parameters (RFC 6749 §5.2).
    InvalidRequest,
    /// Unknown, malformed or excessive scope (RFC 6749 §5.2).
    InvalidScope,
    /// An unknown or unacceptable resource (RFC 8707 §2).
    InvalidTarget,
    /// The access token is no good (RFC 6750 §3.1).
    InvalidToken,
    /// Nobody is signed in, and `prompt=none` forbids asking (OpenID Connect Core 1.0 §3.1.2.6).
    LoginRequired,
    /// `registration` is not supported (OpenID Connect Core 1.0 §3.1.2.6).
    RegistrationNotSupported,
    /// `request` is not supported (OpenID Connect Core 1.0 §3.1.2.6).
    RequestNotSupported,
    /// `request_uri` is not supported (OpenID Connect Core 1.0 §3.1.2.6).
    RequestUriNotSupported,
    /// Something of ours broke (RFC 6749 §4.1.2.1).
    ServerError,
    /// Come again later (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable,
    /// This client may not do that (RFC 6749 §5.2).
    UnauthorizedClient,
    /// No such grant type here (RFC 6749 §5.2).
    UnsupportedGrantType,
    /// No such response type here (RFC 6749 §4.1.2.1).
    UnsupportedResponseType,
    /// This kind of token can't be revoked here (RFC 7009 §2.2.1).
    UnsupportedTokenType,
    /// The DPoP proof needs another nonce, which comes with the answer (RFC 9449 §8, §9). At an API the status is 401.
    UseDpopNonce,
}

impl ErrorCode {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::ConsentRequired => "consent_required",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    /// The status of a direct answer: a JSON body or a challenge.
    pub const fn status(self) -> u16 {
        match self {
            Self::InsufficientUserAuthentication | Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            Self::AccessDenied
            | Self::ConsentRequired
            | Self::InteractionRequired
            | Self::InvalidDpopProof
            | Self::InvalidGrant
            | Self::InvalidRequest
            | Self::InvalidScope
            | Self::InvalidTarget
            | Self::LoginRequired
            | Self::RegistrationNotSupported
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType
            | Self::UnsupportedTokenType
            | Self::UseDpopNonce => 400,
        }
    }
}
