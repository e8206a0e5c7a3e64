//! What each reason is called in logs, and what the caller is told.

use super::Reason;

impl Reason {
    /// A name for logs and metrics, stable over versions.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::SchemeUnsupported => "scheme_unsupported",
            Self::HeaderRepeated => "header_repeated",
            Self::HeaderMalformed => "header_malformed",
            Self::TokenTwice => "token_twice",
            Self::TokenTooLong => "token_too_long",
            Self::MessageUnreadable => "message_unreadable",
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
            Self::TokenUnbound => "token_unbound",
            Self::ConfirmationUnknown => "confirmation_unknown",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateWrong => "certificate_wrong",
            Self::ProofKeyWrong => "proof_key_wrong",
            Self::ProofMissing => "proof_missing",
            Self::ProofRepeated => "proof_repeated",
            Self::ProofMalformed => "proof_malformed",
            Self::ProofTypeWrong => "proof_type_wrong",
            Self::ProofAlgorithmNotAllowed => "proof_algorithm_not_allowed",
            Self::ProofKeyUnfit => "proof_key_unfit",
            Self::ProofSignatureWrong => "proof_signature_wrong",
            Self::ProofClaimMissing => "proof_claim_missing",
            Self::ProofClaimMalformed => "proof_claim_malformed",
            Self::ProofMethodWrong => "proof_method_wrong",
            Self::ProofTargetWrong => "proof_target_wrong",
            Self::ProofExpired => "proof_expired",
            Self::ProofAhead => "proof_ahead",
            Self::ProofTokenWrong => "proof_token_wrong",
            Self::ProofReplayed => "proof_replayed",
            Self::NonceMissing => "nonce_missing",
            Self::NonceWrong => "nonce_wrong",
            Self::ScopeInsufficient => "scope_insufficient",
            Self::MethodNotCovered => "method_not_covered",
            Self::AuthenticationWeak => "authentication_weak",
            Self::AuthenticationOld => "authentication_old",
            Self::ClaimsRefused => "claims_refused",
            Self::DiscoveryFailed => "discovery_failed",
            Self::EndpointMissing => "endpoint_missing",
            Self::KeysUnavailable => "keys_unavailable",
            Self::IntrospectionRefused => "introspection_refused",
            Self::IntrospectionFailed => "introspection_failed",
            Self::IntrospectionPaused => "introspection_paused",
            Self::AnswerMalformed => "answer_malformed",
            Self::AnswerUntrusted => "answer_untrusted",
            Self::Busy => "busy",
            Self::ReplaysUnavailable => "replays_unavailable",
            Self::SubjectUnknown => "subject_unknown",
            Self::ClaimsUnavailable => "claims_unavailable",
            Self::GuardMissing => "guard_missing",
        }
    }

    /// What the caller is told, in the characters of `error_description` (RFC 6750 §3). The server's troubles are
    /// told without detail; the log has it.
    pub const fn description(self) -> &'static str {
        match self {
            Self::TokenMissing => "An access token is needed",
            Self::SchemeUnsupported => "An access token of another scheme is needed",
            Self::HeaderRepeated => "More than one Authorization header",
            Self::HeaderMalformed => "The Authorization header holds no access token",
            Self::TokenTwice => "An access token came more than once",
            Self::TokenTooLong => "The token is too long",
            Self::MessageUnreadable => "The body is no JSON-RPC message that can be read",
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
            Self::TokenUnbound => "The token is not bound to a key and can not be used with a proof",
            Self::ConfirmationUnknown => "The token is bound to a key in a way that is not known here",
            Self::CertificateMissing => "The token is bound to a client certificate, and none came",
            Self::CertificateWrong => "The token is bound to another client certificate",
            Self::ProofKeyWrong => "The token is bound to another key than the DPoP proof shows",
            Self::ProofMissing => "A DPoP proof is needed",
            Self::ProofRepeated => "More than one DPoP header",
            Self::ProofMalformed => "The DPoP proof is no JWT of the kind that is needed",
            Self::ProofTypeWrong => "The type of the DPoP proof is not dpop+jwt",
            Self::ProofAlgorithmNotAllowed => {
                "The DPoP proof is signed with an algorithm that is not accepted here"
            }
            Self::ProofKeyUnfit => "The key in the DPoP proof is not acceptable",
            Self::ProofSignatureWrong => "The signature of the DPoP proof does not verify",
            Self::ProofClaimMissing => "A claim of the DPoP proof is missing",
            Self::ProofClaimMalformed => "A claim of the DPoP proof is of the wrong type or too long",
            Self::ProofMethodWrong => "The DPoP proof is for another method",
            Self::ProofTargetWrong => "The DPoP proof is for another address",
            Self::ProofExpired => "The DPoP proof is too old",
            Self::ProofAhead => "The DPoP proof was made in the future",
            Self::ProofTokenWrong => "The DPoP proof is for another token",
            Self::ProofReplayed => "The DPoP proof was used before",
            Self::NonceMissing => "The DPoP proof needs a nonce",
            Self::NonceWrong => "The DPoP proof needs another nonce",
            Self::ScopeInsufficient => "The token does not have the scope that is needed",
            Self::MethodNotCovered => "No token is enough for this method here",
            Self::AuthenticationWeak => "A different authentication level is required",
            Self::AuthenticationOld => "More recent authentication is required",
            Self::ClaimsRefused => "The token is not enough for this",
            Self::DiscoveryFailed
            | Self::EndpointMissing
            | Self::KeysUnavailable
            | Self::IntrospectionRefused
            | Self::IntrospectionFailed
            | Self::IntrospectionPaused
            | Self::AnswerMalformed
            | Self::AnswerUntrusted
            | Self::Busy
            | Self::ReplaysUnavailable => "The token can not be checked at the moment",
            Self::SubjectUnknown => "The user of the token is not known here",
            Self::ClaimsUnavailable => "The claims can not be had at the moment",
            Self::GuardMissing => "This route is not protected as it should be",
        }
    }
}
