//! Every reason to refuse a request at an API: its rule, its registered code, what the caller is told.
//!
//! The matches here and in `words` are exhaustive without a catch-all, so a new reason forces the choice of a code.

mod words;

use protocol::ErrorCode;

/// Why a request is refused. The doc comment of each is the rule, with its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    // The request
    /// No token came: the challenge says so without an error code (RFC 6750 §3.1).
    TokenMissing,
    /// `Authorization` of a scheme that is not taken here, which is as good as none.
    SchemeUnsupported,
    /// More than one `Authorization` header (RFC 6750 §3.1).
    HeaderRepeated,
    /// The scheme without a token, or with one outside of the grammar (RFC 6750 §2.1).
    HeaderMalformed,
    /// A token in the header and another in the query, or two in the query (RFC 6750 §2).
    TokenTwice,
    /// Longer than [`crate::limits::TOKEN_BYTES_MAX`].
    TokenTooLong,
    /// A message to an MCP server that is no JSON-RPC, encoded, or longer than
    /// [`crate::limits::MCP_MESSAGE_BYTES_MAX`]: which tool it calls can't be told.
    MessageUnreadable,
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
    /// The token is bound to a key (`cnf.jkt`) and came as a bearer token (RFC 9449 §7.2).
    TokenBound,
    /// Some other kind of token than an access token (RFC 7662 §2.2).
    KindWrong,
    /// The server says that it is not active (RFC 7662 §2.2).
    Inactive,
    // Whether the sender holds the key of the token
    /// A token without `cnf.jkt` that came with the scheme `DPoP` (RFC 9449 §7.1).
    TokenUnbound,
    /// `cnf` holds something not known here, malformed, or nothing (RFC 7800 §3.1).
    ConfirmationUnknown,
    /// A token bound to a certificate came by a connection without one (RFC 8705 §3).
    CertificateMissing,
    /// The certificate of the connection is not the one that the token is bound to (RFC 8705 §3).
    CertificateWrong,
    /// The proof is by another key than `cnf.jkt` (RFC 9449 §4.3, point 12).
    ProofKeyWrong,
    /// The scheme is `DPoP`, and there is no `DPoP` header (RFC 9449 §7.1).
    ProofMissing,
    /// More than one `DPoP` header (RFC 9449 §4.3, point 1).
    ProofRepeated,
    /// The proof is no well-formed JWT, too long, or has a header member that none may have (RFC 9449 §4.3, point 2).
    ProofMalformed,
    /// `typ` is not `dpop+jwt` (RFC 9449 §4.3, point 4).
    ProofTypeWrong,
    /// `none`, symmetric, unknown, or not on the list (RFC 9449 §4.3, point 5).
    ProofAlgorithmNotAllowed,
    /// The `jwk` is missing, private, symmetric, not for the algorithm, or no good key (RFC 9449 §4.3, point 7).
    ProofKeyUnfit,
    /// The signature is not that of the key inside (RFC 9449 §4.3, point 6).
    ProofSignatureWrong,
    /// `jti`, `htm`, `htu`, `iat` or `ath` is absent (RFC 9449 §4.3, point 3).
    ProofClaimMissing,
    /// A claim of the proof is of the wrong type, or `jti` is empty or too long.
    ProofClaimMalformed,
    /// `htm` is not the method of the request (RFC 9449 §4.3, point 8).
    ProofMethodWrong,
    /// `htu` is not the address of the request (RFC 9449 §4.3, point 9).
    ProofTargetWrong,
    /// `iat` is too long ago (RFC 9449 §4.3, point 11).
    ProofExpired,
    /// `iat` is too far ahead (RFC 9449 §4.3, point 11).
    ProofAhead,
    /// `ath` is not the hash of the token (RFC 9449 §4.3, point 12).
    ProofTokenWrong,
    /// The key used this `jti` before (RFC 9449 §11.1).
    ProofReplayed,
    /// The proof has no nonce, and one is needed (RFC 9449 §9).
    NonceMissing,
    /// The nonce is not ours or too old (RFC 9449 §9).
    NonceWrong,
    // Scope
    /// The token holds too little scope (RFC 6750 §3.1).
    ScopeInsufficient,
    // What else a route demands
    /// The policy of the route does not name this method: it is refused whatever the token holds.
    MethodNotCovered,
    /// `acr` is none of those that the route demands (RFC 9470 §3).
    AuthenticationWeak,
    /// `auth_time` is absent, or longer ago than the route allows (RFC 9470 §3).
    AuthenticationOld,
    /// A rule of the API's own refuses what is said of the token.
    ClaimsRefused,
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
    /// The server did not answer again and again, and is left alone for a few seconds.
    IntrospectionPaused,
    /// An answer that is none: not JSON, no object, or not of the type asked for.
    AnswerMalformed,
    /// A signed or encrypted answer that is not the server's, or not for us (RFC 9701 §5).
    AnswerUntrusted,
    /// Too many introspections are under way.
    Busy,
    /// It can't be told whether a proof was used before: their memory is full or away.
    ReplaysUnavailable,
    // UserInfo, where the API serves it
    /// The API knows no user by the `sub` of the token.
    SubjectUnknown,
    /// The claims of the user, or the keys to sign and encrypt them with, are not to be had.
    ClaimsUnavailable,
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
        Self::MessageUnreadable,
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
        Self::TokenUnbound,
        Self::ConfirmationUnknown,
        Self::CertificateMissing,
        Self::CertificateWrong,
        Self::ProofKeyWrong,
        Self::ProofMissing,
        Self::ProofRepeated,
        Self::ProofMalformed,
        Self::ProofTypeWrong,
        Self::ProofAlgorithmNotAllowed,
        Self::ProofKeyUnfit,
        Self::ProofSignatureWrong,
        Self::ProofClaimMissing,
        Self::ProofClaimMalformed,
        Self::ProofMethodWrong,
        Self::ProofTargetWrong,
        Self::ProofExpired,
        Self::ProofAhead,
        Self::ProofTokenWrong,
        Self::ProofReplayed,
        Self::NonceMissing,
        Self::NonceWrong,
        Self::ScopeInsufficient,
        Self::MethodNotCovered,
        Self::AuthenticationWeak,
        Self::AuthenticationOld,
        Self::ClaimsRefused,
        Self::DiscoveryFailed,
        Self::EndpointMissing,
        Self::KeysUnavailable,
        Self::IntrospectionRefused,
        Self::IntrospectionFailed,
        Self::IntrospectionPaused,
        Self::AnswerMalformed,
        Self::AnswerUntrusted,
        Self::Busy,
        Self::ReplaysUnavailable,
        Self::SubjectUnknown,
        Self::ClaimsUnavailable,
        Self::GuardMissing,
    ];

    /// The registered code; none where no token came (RFC 6750 §3.1).
    pub const fn code(self) -> Option<ErrorCode> {
        match self {
            Self::TokenMissing | Self::SchemeUnsupported => None,
            Self::HeaderRepeated | Self::HeaderMalformed | Self::TokenTwice | Self::MessageUnreadable => {
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
            | Self::Inactive
            | Self::TokenUnbound
            | Self::ConfirmationUnknown
            | Self::CertificateMissing
            | Self::CertificateWrong
            | Self::ProofKeyWrong
            | Self::SubjectUnknown => Some(ErrorCode::InvalidToken),
            Self::ProofMissing
            | Self::ProofRepeated
            | Self::ProofMalformed
            | Self::ProofTypeWrong
            | Self::ProofAlgorithmNotAllowed
            | Self::ProofKeyUnfit
            | Self::ProofSignatureWrong
            | Self::ProofClaimMissing
            | Self::ProofClaimMalformed
            | Self::ProofMethodWrong
            | Self::ProofTargetWrong
            | Self::ProofExpired
            | Self::ProofAhead
            | Self::ProofTokenWrong
            | Self::ProofReplayed => Some(ErrorCode::InvalidDpopProof),
            Self::NonceMissing | Self::NonceWrong => Some(ErrorCode::UseDpopNonce),
            Self::ScopeInsufficient | Self::MethodNotCovered | Self::ClaimsRefused => {
                Some(ErrorCode::InsufficientScope)
            }
            Self::AuthenticationWeak | Self::AuthenticationOld => {
                Some(ErrorCode::InsufficientUserAuthentication)
            }
            Self::DiscoveryFailed
            | Self::EndpointMissing
            | Self::KeysUnavailable
            | Self::IntrospectionRefused
            | Self::IntrospectionFailed
            | Self::IntrospectionPaused
            | Self::AnswerMalformed
            | Self::AnswerUntrusted
            | Self::Busy
            | Self::ReplaysUnavailable
            | Self::ClaimsUnavailable => Some(ErrorCode::TemporarilyUnavailable),
            Self::GuardMissing => Some(ErrorCode::ServerError),
        }
    }

    /// The HTTP status: 400, 401, 403 or 503, and 500 only for [`Reason::GuardMissing`].
    pub const fn status(self) -> u16 {
        match self.code() {
            // 400 is for token requests; here these are failed authentications (RFC 9449 §7.1, §9).
            Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce) | None => 401,
            Some(code) => code.status(),
        }
    }

    /// Whether the answer brings a nonce for the next proof.
    pub(crate) const fn wants_nonce(self) -> bool {
        matches!(self.code(), Some(ErrorCode::UseDpopNonce))
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
