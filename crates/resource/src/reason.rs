//! Every reason to refuse a request at an API: its rule, its registered code, what the caller is told.
//!
//! The matches below are exhaustive without a catch-all, so a new reason forces the choice of a code.

use protocol::ErrorCode;

/// Why a request is refused. The doc comment of each is the rule, with its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    // The request
    /// No token came: the challenge says so without an error code (RFC 6750 §3.1).
    TokenMissing,
    /// `Authorization` of another scheme than `Bearer`, which is as good as none.
    SchemeUnsupported,
    /// More than one `Authorization` header (RFC 6750 §3.1).
    HeaderRepeated,
    /// `Bearer` without a token, or with one outside of the grammar (RFC 6750 §2.1).
    HeaderMalformed,
    /// A token in the header and another in the query (RFC 6750 §2).
    TokenTwice,
    /// Longer than [`crate::limits::TOKEN_BYTES_MAX`].
    TokenTooLong,
    // A signed token, verified here
    /// No JWS, where only a JWS can be verified (RFC 9068 §2), or a kind that the server does not introspect
    /// (RFC 7009 §2.2.1).
    TokenMalformed,
    /// `typ` is not `at+jwt` (RFC 9068 §4).
    TypeWrong,
    /// `none`, unknown, or not on the list of the guard (RFC 8725 §3.1).
    AlgorithmNotAllowed,
    /// No key of the issuer is for this `kid` and algorithm.
    KeyUnknown,
    /// The signature is not the key's (RFC 9068 §4).
    SignatureWrong,
    // What is said of a token, signed or introspected
    /// A claim that must be there is absent (RFC 9068 §2.2, RFC 7662 §2.2).
    ClaimMissing,
    /// A claim is of the wrong type: it is never skipped.
    ClaimMalformed,
    /// `iss` is not the configured issuer, byte for byte (RFC 9068 §4).
    IssuerWrong,
    /// `aud` does not name this resource (RFC 9068 §4).
    AudienceWrong,
    /// `exp` has passed (RFC 9068 §4).
    Expired,
    /// `nbf` has not come (RFC 7519 §4.1.5).
    NotYetValid,
    /// `iat` is ahead of the clock (RFC 7519 §4.1.6).
    IssuedAhead,
    /// The token is bound to a key (`cnf`, `token_type` DPoP) and came as a bearer token (RFC 9449 §7.2).
    TokenBound,
    /// Some other kind of token than an access token (RFC 7662 §2.2).
    KindWrong,
    /// The server says that it is not active (RFC 7662 §2.2).
    Inactive,
    // Scope
    /// The token holds too little scope (RFC 6750 §3.1).
    ScopeInsufficient,
    // The authorization server
    /// Discovery gave no document of this issuer (RFC 8414 §3.3).
    DiscoveryFailed,
    /// The discovery document does not name the endpoint that is needed.
    EndpointMissing,
    /// The issuer's keys are not to be had.
    KeysUnavailable,
    /// The server answers 401 or 403: it is us whom it does not let introspect (RFC 7662 §2.3).
    IntrospectionRefused,
    /// No answer in time, another status than 200, a redirect, or an answer too large.
    IntrospectionFailed,
    /// An answer that is none: not JSON, no object, or not of the type asked for.
    AnswerMalformed,
    /// A signed or encrypted answer that is not the server's, or not for us (RFC 9701 §5).
    AnswerUntrusted,
    /// Too many introspections are under way.
    Busy,
    // The program that holds the guard
    /// An extractor stands on a route that no guard covers.
    GuardMissing,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::TokenMissing,
        Self::SchemeUnsupported,
        Self::HeaderRepeated,
        Self::HeaderMalformed,
        Self::TokenTwice,
        Self::TokenTooLong,
        Self::TokenMalformed,
        Self::TypeWrong,
        Self::AlgorithmNotAllowed,
        Self::KeyUnknown,
        Self::SignatureWrong,
        Self::ClaimMissing,
        Self::ClaimMalformed,
        Self::IssuerWrong,
        Self::AudienceWrong,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuedAhead,
        Self::TokenBound,
        Self::KindWrong,
        Self::Inactive,
        Self::ScopeInsufficient,
        Self::DiscoveryFailed,
        Self::EndpointMissing,
        Self::KeysUnavailable,
        Self::IntrospectionRefused,
        Self::IntrospectionFailed,
        Self::AnswerMalformed,
        Self::AnswerUntrusted,
        Self::Busy,
        Self::GuardMissing,
    ];

    /// A name for logs and metrics, stable over versions.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::SchemeUnsupported => "scheme_unsupported",
            Self::HeaderRepeated => "header_repeated",
            Self::HeaderMalformed => "header_malformed",
            Self::TokenTwice => "token_twice",
            Self::TokenTooLong => "token_too_long",
            Self::TokenMalformed => "token_malformed",
            Self::TypeWrong => "type_wrong",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::KeyUnknown => "key_not_found",
            Self::SignatureWrong => "signature_wrong",
            Self::ClaimMissing => "claim_missing",
            Self::ClaimMalformed => "claim_malformed",
            Self::IssuerWrong => "wrong_issuer",
            Self::AudienceWrong => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedAhead => "clock_skew",
            Self::TokenBound => "token_bound",
            Self::KindWrong => "kind_wrong",
            Self::Inactive => "inactive",
            Self::ScopeInsufficient => "scope_insufficient",
            Self::DiscoveryFailed => "discovery_failed",
            Self::EndpointMissing => "endpoint_missing",
            Self::KeysUnavailable => "keys_unavailable",
            Self::IntrospectionRefused => "introspection_refused",
            Self::IntrospectionFailed => "introspection_failed",
            Self::AnswerMalformed => "answer_malformed",
            Self::AnswerUntrusted => "answer_untrusted",
            Self::Busy => "busy",
            Self::GuardMissing => "guard_missing",
        }
    }

    /// The registered code; none where no token came (RFC 6750 §3.1).
    pub const fn code(self) -> Option<ErrorCode> {
        match self {
            Self::TokenMissing | Self::SchemeUnsupported => None,
            Self::HeaderRepeated | Self::HeaderMalformed | Self::TokenTwice => {
                Some(ErrorCode::InvalidRequest)
            }
            Self::TokenTooLong
            | Self::TokenMalformed
            | Self::TypeWrong
            | Self::AlgorithmNotAllowed
            | Self::KeyUnknown
            | Self::SignatureWrong
            | Self::ClaimMissing
            | Self::ClaimMalformed
            | Self::IssuerWrong
            | Self::AudienceWrong
            | Self::Expired
            | Self::NotYetValid
            | Self::IssuedAhead
            | Self::TokenBound
            | Self::KindWrong
            | Self::Inactive => Some(ErrorCode::InvalidToken),
            Self::ScopeInsufficient => Some(ErrorCode::InsufficientScope),
            Self::DiscoveryFailed
            | Self::EndpointMissing
            | Self::KeysUnavailable
            | Self::IntrospectionRefused
            | Self::IntrospectionFailed
            | Self::AnswerMalformed
            | Self::AnswerUntrusted
            | Self::Busy => Some(ErrorCode::TemporarilyUnavailable),
            Self::GuardMissing => Some(ErrorCode::ServerError),
        }
    }

    /// The HTTP status: 400, 401, 403 or 503, and 500 only for [`Reason::GuardMissing`].
    pub const fn status(self) -> u16 {
        match self.code() {
            Some(code) => code.status(),
            None => 401,
        }
    }

    /// What the caller is told, in the characters of `error_description` (RFC 6750 §3). The server's troubles are
    /// told without detail; the log has it.
    pub const fn description(self) -> &'static str {
        match self {
            Self::TokenMissing => "An access token is needed",
            Self::SchemeUnsupported => "An access token of the scheme Bearer is needed",
            Self::HeaderRepeated => "More than one Authorization header",
            Self::HeaderMalformed => "The Authorization header holds no bearer token",
            Self::TokenTwice => "An access token came in the header and in the query",
            Self::TokenTooLong => "The token is too long",
            Self::TokenMalformed => "The token is not of a kind that is accepted here",
            Self::TypeWrong => "The token is not a JWT access token",
            Self::AlgorithmNotAllowed => "The token is signed with an algorithm that is not accepted here",
            Self::KeyUnknown => "The token is signed with a key that its issuer does not publish",
            Self::SignatureWrong => "The signature of the token does not verify",
            Self::ClaimMissing => "A claim is missing",
            Self::ClaimMalformed => "A claim is of the wrong type",
            Self::IssuerWrong => "The token is from another issuer",
            Self::AudienceWrong => "The token is for another resource",
            Self::Expired => "The token has expired",
            Self::NotYetValid => "The token is not valid yet",
            Self::IssuedAhead => "The token was issued in the future",
            Self::TokenBound => "The token is bound to a key and can not be used as a bearer token",
            Self::KindWrong => "The token is not an access token",
            Self::Inactive => "The token is not active",
            Self::ScopeInsufficient => "The token does not have the scope that is needed",
            Self::DiscoveryFailed
            | Self::EndpointMissing
            | Self::KeysUnavailable
            | Self::IntrospectionRefused
            | Self::IntrospectionFailed
            | Self::AnswerMalformed
            | Self::AnswerUntrusted
            | Self::Busy => "The token can not be checked at the moment",
            Self::GuardMissing => "This route is not protected as it should be",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_its_own_slug() {
        let slugs: HashSet<_> = Reason::ALL.iter().map(|reason| reason.slug()).collect();
        assert_eq!(slugs.len(), Reason::ALL.len());
    }

    #[test]
    fn only_a_route_without_a_guard_answers_500() {
        for reason in Reason::ALL {
            let expected: &[u16] =
                if *reason == Reason::GuardMissing { &[500] } else { &[400, 401, 403, 503] };
            assert!(expected.contains(&reason.status()), "{reason:?}");
        }
    }

    #[test]
    fn descriptions_keep_to_the_characters_of_rfc_6750() {
        let fits = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        for reason in Reason::ALL {
            assert!(reason.description().bytes().all(fits), "{reason:?}");
        }
    }
}
