//! Every reason to refuse a request: the rule it enforces, its registered code, what the peer is told.
//!
//! The matches below are exhaustive without a catch-all, so a new reason forces the choice of a code.

mod text;

use protocol::ErrorCode;

/// Why a request is refused. The doc comment of each is the rule, with its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    // Parameters and framing
    /// Malformed percent-encoding, UTF-8 or NUL (RFC 6749 Appendix B).
    BodyMalformed,
    /// Beyond a limit of `protocol::limits`.
    BodyTooLarge,
    /// A body that is no form (RFC 6749 §3.2).
    BodyType,
    /// The body broke off.
    BodyUnreadable,
    /// This endpoint does not take the method (RFC 9110 §15.5.6).
    MethodNotAllowed,
    /// RFC 6749 §3.1: parameters must not be included more than once.
    ParameterRepeated,
    /// A required parameter is absent or empty (RFC 6749 §5.2).
    ParameterMissing(&'static str),
    // Client authentication
    /// No such `client_id` (RFC 6749 §5.2).
    ClientUnknown,
    /// The client or resource was disabled.
    ClientDisabled,
    /// The secret does not match (RFC 6749 §2.3.1).
    ClientSecretWrong,
    /// A confidential client sent no credential (RFC 6749 §3.2.1).
    ClientSecretMissing,
    /// Authenticated by another method than the registered one (RFC 7591 §2).
    ClientMethodNotRegistered,
    /// RFC 6749 §2.3: more than one authentication method in one request.
    ClientMethodsMixed,
    /// `client_id` of the body differs from the one that authenticated.
    ClientIdMismatch,
    /// An `Authorization: Basic` that is no base64 of `id:secret` (RFC 7617 §2).
    BasicMalformed,
    /// No JWT, of another type, or of an algorithm that is not allowed (RFC 7523 §3).
    AssertionMalformed,
    /// No registered key verifies the assertion (RFC 7523 §3).
    AssertionSignature,
    /// `iss`, `sub`, `aud` or `jti` is not as RFC 7523 §3 demands.
    AssertionClaims,
    /// `exp` has passed, `nbf` has not, or `exp` is too far ahead (RFC 7523 §3).
    AssertionExpired,
    /// This `jti` was seen before (RFC 7523 §3).
    AssertionReplayed,
    /// The client's `jwks_uri` is not to be had.
    AssertionKeysUnavailable,
    /// Too many failed authentications of this client in a minute.
    ClientFailuresTooMany,
    // Token requests
    /// No such grant type here (RFC 6749 §5.2).
    GrantTypeUnknown,
    /// The client did not register this grant type (RFC 6749 §5.2).
    GrantTypeNotRegistered,
    /// RFC 6749 §4.4: only confidential clients may use client_credentials.
    PublicClientCredentials,
    /// Outside of the grammar of RFC 6749 §3.3.
    ScopeMalformed,
    /// A scope that is not registered to the client (RFC 6749 §3.3).
    ScopeNotRegistered,
    /// More than was approved (RFC 6749 §6).
    ScopeNotGranted,
    /// No such resource (RFC 8707 §2).
    ResourceUnknown,
    /// None of its scopes is registered to this client, or it was not approved (RFC 8707 §2).
    ResourceNotAllowed,
    /// No such code (RFC 6749 §5.2).
    CodeUnknown,
    /// RFC 6749 §4.1.2: used twice; its tokens are revoked.
    CodeAlreadyUsed,
    /// Past its lifetime (RFC 6749 §4.1.2).
    CodeExpired,
    /// Issued to another client (RFC 6749 §4.1.3).
    CodeOfAnotherClient,
    /// Another `redirect_uri` than the authorization request's (RFC 6749 §4.1.3).
    CodeRedirectMismatch,
    /// The grant was revoked.
    GrantEnded,
    /// The verifier does not meet the challenge (RFC 7636 §4.6).
    PkceMismatch,
    /// A challenge was sent, a verifier was not (RFC 7636 §4.6).
    PkceVerifierMissing,
    /// A verifier without a challenge (RFC 9700 §4.8.2).
    PkceVerifierUnexpected,
    /// No refresh token of ours (RFC 6749 §5.2).
    RefreshUnknown,
    /// Unused for too long, or past its absolute lifetime.
    RefreshExpired,
    /// Rotated long ago and presented again: the grant is ended (RFC 9700 §4.14.2).
    RefreshReplayed,
    /// Issued to another client (RFC 6749 §6).
    RefreshOfAnotherClient,
    /// The session has ended, and the grant has no `offline_access`.
    SessionEnded,
    /// The account is disabled or gone.
    SubjectDisabled,
    /// The client or resource registered an algorithm that this server does not serve now, or an HS* one under a secret
    /// that does not allow it (OpenID Connect Dynamic Client Registration 1.0 §2, RFC 9701 §6).
    RegistrationNotServed,
    // Access tokens as credentials
    /// No access token came (RFC 6750 §3: a bare challenge).
    TokenMissing,
    /// Unknown, expired or revoked (RFC 6750 §3.1).
    TokenRejected,
    /// RFC 6750 §2: more than one method in one request.
    TokenSentTwice,
    /// The token lacks the scope (RFC 6750 §3.1).
    ScopeInsufficient,
    /// The client registered an algorithm for UserInfo answers that this server does not serve (OpenID Connect Dynamic
    /// Client Registration 1.0 §2); a code of RFC 6750 §3.1.
    UserInfoNotServed,
    // Introspection and revocation
    /// RFC 7662 §2.1: a public client can't introspect.
    IntrospectionPublic,
    /// The resource registered encryption and asked for something else (RFC 9701 §5).
    IntrospectionPlainRefused,
    // The authorization endpoint: pages, never redirects
    /// No such client (RFC 6749 §4.1.2.1).
    AuthorizeClientUnknown,
    /// Several are registered and none was named (RFC 6749 §3.1.2.3).
    RedirectUriMissing,
    /// None of the registered ones, byte for byte (RFC 9700 §2.1).
    RedirectUriMismatch,
    /// No such interaction, or already answered.
    InteractionUnknown,
    /// Past its lifetime.
    InteractionExpired,
    /// The interaction cookie is another one (RFC 9700 §4.7).
    InteractionOfAnotherBrowser,
    /// A form that another site submitted (RFC 9700 §4.7).
    CrossSiteForm,
    /// `id_token_hint` is not an ID token of ours (OpenID Connect RP-Initiated Logout 1.0 §2).
    LogoutHintInvalid,
    /// Not registered as a post-logout redirect (OpenID Connect RP-Initiated Logout 1.0 §3).
    LogoutRedirectMismatch,
    /// A page was opened under another host than the issuer's: its cookies would differ.
    HostMismatch,
    // The authorization endpoint: redirected, with state and iss
    /// RFC 6749 §4.1.1.
    ResponseTypeMissing,
    /// Only `code` (RFC 9700 §2.1.2).
    ResponseTypeUnsupported,
    /// The client did not register it (RFC 7591 §2).
    ResponseTypeNotRegistered,
    /// No such response mode here.
    ResponseModeUnsupported,
    /// RFC 9700 §2.1.1.
    PkceMissing,
    /// No S256 challenge (RFC 7636 §4.2).
    PkceMalformed,
    /// Only `S256` (RFC 9700 §2.1.1).
    PkceMethod,
    /// Unknown, or `none` with another value (OpenID Connect Core 1.0 §3.1.2.1).
    PromptInvalid,
    /// No number of seconds (OpenID Connect Core 1.0 §3.1.2.1).
    MaxAgeInvalid,
    /// Beyond a limit of `protocol::limits`.
    ParameterTooLong(&'static str),
    /// `id_token_hint` is not an ID token of ours (OpenID Connect Core 1.0 §3.1.2.1).
    HintInvalid,
    /// `request` is not served (OpenID Connect Core 1.0 §3.1.2.6).
    RequestObjectUnsupported,
    /// `request_uri` is not served (OpenID Connect Core 1.0 §3.1.2.6).
    RequestUriUnsupported,
    /// `registration` is not served (OpenID Connect Core 1.0 §3.1.2.6).
    RegistrationUnsupported,
    /// `prompt=none`, and nobody suitable is signed in (OpenID Connect Core 1.0 §3.1.2.6).
    LoginRequired,
    /// `prompt=none`, and consent must be asked for (OpenID Connect Core 1.0 §3.1.2.6).
    ConsentRequired,
    /// The user pressed Deny (RFC 6749 §4.1.2.1).
    UserDenied,
}

/// How much attention a refusal deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Honest clients cause it: a typing error, a late answer.
    Plain,
    /// Attacks look like it: it goes to the audit trail as a warning.
    Suspicious,
}

impl Reason {
    /// The registered code that the peer reads.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::BodyMalformed
            | Self::BodyTooLarge
            | Self::BodyType
            | Self::BodyUnreadable
            | Self::MethodNotAllowed
            | Self::ParameterRepeated
            | Self::ParameterMissing(_)
            | Self::ClientMethodsMixed
            | Self::ClientIdMismatch
            | Self::TokenSentTwice
            | Self::UserInfoNotServed
            | Self::IntrospectionPlainRefused
            | Self::RedirectUriMissing
            | Self::RedirectUriMismatch
            | Self::InteractionUnknown
            | Self::InteractionExpired
            | Self::InteractionOfAnotherBrowser
            | Self::CrossSiteForm
            | Self::LogoutHintInvalid
            | Self::LogoutRedirectMismatch
            | Self::HostMismatch
            | Self::ResponseTypeMissing
            | Self::ResponseModeUnsupported
            | Self::PkceMissing
            | Self::PkceMalformed
            | Self::PkceMethod
            | Self::PromptInvalid
            | Self::MaxAgeInvalid
            | Self::ParameterTooLong(_)
            | Self::HintInvalid => ErrorCode::InvalidRequest,
            Self::ClientUnknown
            | Self::ClientDisabled
            | Self::ClientSecretWrong
            | Self::ClientSecretMissing
            | Self::ClientMethodNotRegistered
            | Self::BasicMalformed
            | Self::AssertionMalformed
            | Self::AssertionSignature
            | Self::AssertionClaims
            | Self::AssertionExpired
            | Self::AssertionReplayed
            | Self::AssertionKeysUnavailable
            | Self::IntrospectionPublic
            | Self::AuthorizeClientUnknown => ErrorCode::InvalidClient,
            Self::ClientFailuresTooMany => ErrorCode::TemporarilyUnavailable,
            Self::GrantTypeUnknown => ErrorCode::UnsupportedGrantType,
            Self::GrantTypeNotRegistered
            | Self::PublicClientCredentials
            | Self::RegistrationNotServed
            | Self::ResponseTypeNotRegistered => ErrorCode::UnauthorizedClient,
            Self::ScopeMalformed | Self::ScopeNotRegistered | Self::ScopeNotGranted => {
                ErrorCode::InvalidScope
            }
            Self::ResourceUnknown | Self::ResourceNotAllowed => ErrorCode::InvalidTarget,
            Self::CodeUnknown
            | Self::CodeAlreadyUsed
            | Self::CodeExpired
            | Self::CodeOfAnotherClient
            | Self::CodeRedirectMismatch
            | Self::GrantEnded
            | Self::PkceMismatch
            | Self::PkceVerifierMissing
            | Self::PkceVerifierUnexpected
            | Self::RefreshUnknown
            | Self::RefreshExpired
            | Self::RefreshReplayed
            | Self::RefreshOfAnotherClient
            | Self::SessionEnded
            | Self::SubjectDisabled => ErrorCode::InvalidGrant,
            Self::TokenMissing | Self::TokenRejected => ErrorCode::InvalidToken,
            Self::ScopeInsufficient => ErrorCode::InsufficientScope,
            Self::ResponseTypeUnsupported => ErrorCode::UnsupportedResponseType,
            Self::RequestObjectUnsupported => ErrorCode::RequestNotSupported,
            Self::RequestUriUnsupported => ErrorCode::RequestUriNotSupported,
            Self::RegistrationUnsupported => ErrorCode::RegistrationNotSupported,
            Self::LoginRequired => ErrorCode::LoginRequired,
            Self::ConsentRequired => ErrorCode::ConsentRequired,
            Self::UserDenied => ErrorCode::AccessDenied,
        }
    }

    /// How much attention it deserves.
    pub const fn severity(self) -> Severity {
        match self {
            Self::BodyMalformed
            | Self::BodyTooLarge
            | Self::BodyType
            | Self::BodyUnreadable
            | Self::MethodNotAllowed
            | Self::ParameterRepeated
            | Self::ParameterMissing(_)
            | Self::ClientDisabled
            | Self::ClientSecretMissing
            | Self::ClientMethodNotRegistered
            | Self::ClientMethodsMixed
            | Self::ClientIdMismatch
            | Self::BasicMalformed
            | Self::AssertionMalformed
            | Self::AssertionClaims
            | Self::AssertionExpired
            | Self::AssertionKeysUnavailable
            | Self::GrantTypeUnknown
            | Self::GrantTypeNotRegistered
            | Self::PublicClientCredentials
            | Self::ScopeMalformed
            | Self::ScopeNotRegistered
            | Self::ScopeNotGranted
            | Self::ResourceUnknown
            | Self::ResourceNotAllowed
            | Self::CodeUnknown
            | Self::CodeExpired
            | Self::CodeRedirectMismatch
            | Self::GrantEnded
            | Self::PkceVerifierMissing
            | Self::PkceVerifierUnexpected
            | Self::RefreshUnknown
            | Self::RefreshExpired
            | Self::SessionEnded
            | Self::SubjectDisabled
            | Self::RegistrationNotServed
            | Self::TokenMissing
            | Self::TokenRejected
            | Self::TokenSentTwice
            | Self::ScopeInsufficient
            | Self::UserInfoNotServed
            | Self::IntrospectionPublic
            | Self::IntrospectionPlainRefused
            | Self::AuthorizeClientUnknown
            | Self::RedirectUriMissing
            | Self::RedirectUriMismatch
            | Self::InteractionUnknown
            | Self::InteractionExpired
            | Self::LogoutHintInvalid
            | Self::LogoutRedirectMismatch
            | Self::HostMismatch
            | Self::ResponseTypeMissing
            | Self::ResponseTypeUnsupported
            | Self::ResponseTypeNotRegistered
            | Self::ResponseModeUnsupported
            | Self::PkceMissing
            | Self::PkceMalformed
            | Self::PkceMethod
            | Self::PromptInvalid
            | Self::MaxAgeInvalid
            | Self::ParameterTooLong(_)
            | Self::HintInvalid
            | Self::RequestObjectUnsupported
            | Self::RequestUriUnsupported
            | Self::RegistrationUnsupported
            | Self::LoginRequired
            | Self::ConsentRequired
            | Self::UserDenied => Severity::Plain,
            Self::ClientUnknown
            | Self::ClientSecretWrong
            | Self::AssertionSignature
            | Self::AssertionReplayed
            | Self::ClientFailuresTooMany
            | Self::CodeAlreadyUsed
            | Self::CodeOfAnotherClient
            | Self::PkceMismatch
            | Self::RefreshReplayed
            | Self::RefreshOfAnotherClient
            | Self::InteractionOfAnotherBrowser
            | Self::CrossSiteForm => Severity::Suspicious,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_hold_only_what_rfc_6749_section_5_2_allows() {
        for reason in [Reason::BodyMalformed, Reason::ParameterMissing("token"), Reason::PkceMissing] {
            let fits = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(reason.description().bytes().all(fits), "{reason:?}");
        }
    }

    #[test]
    fn a_wrong_secret_and_an_unknown_client_read_the_same() {
        assert_eq!(Reason::ClientUnknown.description(), Reason::ClientSecretWrong.description());
        assert_eq!(Reason::ClientUnknown.code(), Reason::ClientSecretWrong.code());
    }
}
