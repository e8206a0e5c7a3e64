//! Every reason why there are no claims of a user, and what can be wrong with the setup.

use fetching::EndpointError;

macro_rules! errors {
    ($($(#[$doc:meta])+ $variant:ident, $slug:literal, $text:literal;)+) => {
        /// Why there are no claims of the user. The list is closed: a new one is a new version.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum UserInfoError {
            $($(#[$doc])+ #[error($text)] $variant,)+
        }

        impl UserInfoError {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// A name for logs and metrics, stable over versions.
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$variant => $slug,)+
                }
            }
        }
    };
}

errors! {
    /// The issuer answers 401 (RFC 6750 §3.1), or no header can hold the token.
    TokenRefused, "userinfo_token_refused", "the issuer does not take the access token";
    /// The issuer answers 403: the token was not granted `openid` (RFC 6750 §3.1).
    ScopeInsufficient, "userinfo_scope_insufficient", "the access token holds too little scope for UserInfo";
    /// No address is configured, and discovery gives none.
    EndpointUnknown, "userinfo_endpoint_unknown", "where UserInfo is can't be found out";
    /// No answer in time, another status, a redirect, or an answer too large.
    Failed, "userinfo_failed", "the UserInfo endpoint can't be asked";
    /// An answer of another form than the one that is accepted (OpenID Connect Core 1.0 §5.3.2).
    FormWrong, "userinfo_form_wrong", "the answer is not of the form that is accepted";
    /// Neither claims nor a JWT, or a claim of the wrong type.
    Malformed, "userinfo_malformed", "the answer can't be read";
    /// Encrypted to no key of ours, or altered.
    NotDecrypted, "userinfo_not_decrypted", "the answer can't be decrypted";
    /// `typ` says that the JWT is of another kind (RFC 8725 §3.11).
    TypeWrong, "userinfo_type_wrong", "the JWT is of another kind";
    /// `none`, unknown, or not on the list (RFC 8725 §3.1).
    AlgorithmNotAllowed, "userinfo_algorithm_not_allowed", "the answer is signed with an algorithm that is not accepted";
    /// No key of the issuer is for this `kid` and algorithm.
    KeyUnknown, "userinfo_key_unknown", "the answer is signed with a key that the issuer does not publish";
    /// The issuer's keys are not to be had.
    KeysUnavailable, "userinfo_keys_unavailable", "the keys of the issuer are not to be had";
    /// The signature is not the key's.
    SignatureWrong, "userinfo_signature_wrong", "the signature of the answer does not verify";
    /// `iss` is not the issuer, byte for byte, or absent where it must be (OpenID Connect Core 1.0 §5.3.2).
    IssuerWrong, "userinfo_issuer_wrong", "the answer is from another issuer";
    /// `aud` does not name the client, or is absent where it must be (OpenID Connect Core 1.0 §5.3.2).
    AudienceWrong, "userinfo_audience_wrong", "the answer is for another client";
    /// `exp` has passed, or `nbf` or `iat` is ahead of the clock.
    TimesWrong, "userinfo_times_wrong", "the answer is not valid now";
    /// `sub` is absent or another than the one that was asked for (OpenID Connect Core 1.0 §5.3.2).
    SubjectWrong, "userinfo_subject_wrong", "the answer is about another user";
}

impl UserInfoError {
    /// Whether the same question may be answered later: it was not the token, and not what the issuer says.
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::EndpointUnknown | Self::Failed | Self::KeysUnavailable)
    }
}

/// Why asking can't be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserInfoSetupError {
    /// Empty, or longer than a client id may be.
    #[error("UserInfo needs the client id, to which signed answers are addressed")]
    ClientId,
    /// An address that may not be asked.
    #[error("the UserInfo URL {0}")]
    Endpoint(EndpointError),
    /// No algorithm, one with a shared secret among the issuer's, or one without for the client's secret.
    #[error("the algorithms must be asymmetric ones, and at least one; with a secret, HS256, HS384 or HS512")]
    Algorithms,
    /// A secret that signs must have as many bytes as the hash (RFC 7518 §3.2).
    #[error("the client's secret is too short for the algorithm")]
    SecretLength,
    /// Encrypted answers are wanted, and there is no key to open them with.
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
