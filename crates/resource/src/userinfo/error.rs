//! Why the claims of a user are unavailable, and why a client can't be built.

use fetching::EndpointError;

macro_rules! errors {
    ($($(#[$doc:meta])+ $variant:ident, $slug:literal, $text:literal;)+) => {
        /// Why the claims of the user are unavailable. The list is closed: a new variant is a breaking change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum UserInfoError {
            $($(#[$doc])+ #[error($text)] $variant,)+
        }

        impl UserInfoError {
            /// All variants.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// A name for logs and metrics, stable across versions.
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$variant => $slug,)+
                }
            }
        }
    };
}

errors! {
    /// The issuer answered 401 (RFC 6750 §3.1), or the token is not valid in a header.
    TokenRefused, "userinfo_token_refused", "the issuer refuses the access token";
    /// The issuer answered 403: the token does not have the scope `openid` (RFC 6750 §3.1).
    ScopeInsufficient, "userinfo_scope_insufficient", "the access token lacks a scope for UserInfo";
    /// No endpoint is configured or discovered.
    EndpointUnknown, "userinfo_endpoint_unknown", "the UserInfo endpoint is unknown";
    /// No answer in time, another status, a redirect, or a body that is too large.
    Failed, "userinfo_failed", "the UserInfo endpoint is unavailable";
    /// The answer does not have the accepted form (OpenID Connect Core 1.0 §5.3.2).
    FormWrong, "userinfo_form_wrong", "the answer does not have the accepted form";
    /// Neither claims nor a JWT, or a claim of the wrong type.
    Malformed, "userinfo_malformed", "the answer is malformed";
    /// Not encrypted to one of our keys, or modified.
    NotDecrypted, "userinfo_not_decrypted", "the answer can't be decrypted";
    /// The `typ` of the JWT is that of another kind (RFC 8725 §3.11).
    TypeWrong, "userinfo_type_wrong", "the JWT is of another kind";
    /// `none`, unknown, or not accepted (RFC 8725 §3.1).
    AlgorithmNotAllowed, "userinfo_algorithm_not_allowed", "the answer is signed with an algorithm that is not accepted";
    /// No key of the issuer is for this `kid` and algorithm.
    KeyUnknown, "userinfo_key_unknown", "the answer is signed with a key that the issuer does not publish";
    /// The issuer's keys are unavailable.
    KeysUnavailable, "userinfo_keys_unavailable", "the keys of the issuer are unavailable";
    /// The signature is invalid.
    SignatureWrong, "userinfo_signature_wrong", "the signature of the answer is invalid";
    /// `iss` is not the issuer, byte for byte, or absent although required (OpenID Connect Core 1.0 §5.3.2).
    IssuerWrong, "userinfo_issuer_wrong", "the answer is from another issuer";
    /// `aud` does not name the client, or is absent although required (OpenID Connect Core 1.0 §5.3.2).
    AudienceWrong, "userinfo_audience_wrong", "the answer is for another client";
    /// `exp` has passed, or `nbf` or `iat` is in the future of this clock.
    TimesWrong, "userinfo_times_wrong", "the answer is not valid now";
    /// `sub` is absent or not the expected one (OpenID Connect Core 1.0 §5.3.2).
    SubjectWrong, "userinfo_subject_wrong", "the answer is about another user";
}

impl UserInfoError {
    /// Whether a retry may succeed: neither the token nor the content of the answer is the cause.
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::EndpointUnknown | Self::Failed | Self::KeysUnavailable)
    }
}

/// Why a [`super::UserInfo`] can't be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserInfoSetupError {
    /// The client id is empty or too long.
    #[error("UserInfo needs a client id, which is the audience of signed answers")]
    ClientId,
    /// The endpoint may not be fetched.
    #[error("the UserInfo URL {0}")]
    Endpoint(EndpointError),
    /// No algorithm, a symmetric one for the issuer's keys, or an asymmetric one for the client's secret.
    #[error(
        "at least one algorithm is needed, and all must be asymmetric; with a secret, HS256, HS384 or HS512"
    )]
    Algorithms,
    /// A secret that signs must have as many bytes as the hash (RFC 7518 §3.2).
    #[error("the client's secret is too short for the algorithm")]
    SecretLength,
    /// Encrypted answers are required, and there is no decryption key.
    #[error("encrypted answers need a decryption key")]
    DecryptionKeyMissing,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_error_has_its_own_slug() {
        let slugs: HashSet<_> = UserInfoError::ALL.iter().map(|error| error.slug()).collect();
        assert_eq!(slugs.len(), UserInfoError::ALL.len());
    }
}
