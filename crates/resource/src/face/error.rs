//! Why a guard can't be built.

use fetching::EndpointError;
use protocol::uri::UriError;

use crate::judging::introspection::CredentialsError;
use crate::judging::issuers::IssuersError;
use crate::limits::{
    CACHE_SECONDS_MAX, ISSUERS_MAX, LAST_ANSWER_SECONDS_MAX, LEEWAY_SECONDS_MAX, NONCE_KEY_BYTES_LEAST,
    OWN_KEYS_MAX, SECRET_JWT_BYTES_LEAST, TOKEN_BYTES_MAX, TOKEN_BYTES_MOST,
};
use crate::trust::own_keys::DecryptionKeysError;

/// Why a guard can't be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// Neither an `https` URL nor `http` to loopback (RFC 8414 §2).
    #[error("the issuer {0}")]
    Issuer(UriError),
    /// The audience is empty, too long, or contains spaces.
    #[error("the audience must not be empty, too long, or contain spaces; the URL of this API is best")]
    Audience,
    /// [`crate::AudienceRule::UrlPrefix`] with an audience that is not an `http` or `https` URL, or a claim without
    /// name or values.
    #[error("the audience rule needs an http or https URL as audience, or a claim with a name and values")]
    AudienceRule,
    /// More than [`ISSUERS_MAX`].
    #[error("a guard trusts at most {ISSUERS_MAX} issuers")]
    IssuersTooMany,
    /// An issuer is configured more than once.
    #[error("duplicate issuer {0}")]
    IssuerTwice(String),
    /// Two issuers introspect, so that it is unclear which one a token without issuer belongs to.
    #[error("only one issuer may introspect: a token that names no issuer can be sent to one only")]
    OpaqueTwice,
    /// A setting of the whole guard on the builder of another issuer.
    #[error("`{0}` is a setting of the whole guard: set it on the first builder")]
    NotFirst(&'static str),
    /// Too many decryption keys, or a replacement that would begin or end encryption.
    #[error(
        "at most {OWN_KEYS_MAX} decryption keys are allowed, and a replacement can't begin or end encryption"
    )]
    DecryptionKeys,
    /// A configured URL that may not be fetched.
    #[error("the {0} URL {1}")]
    Endpoint(&'static str, EndpointError),
    /// Required or supported scopes are invalid (RFC 6749 §3.3).
    #[error("invalid scopes: {0}")]
    Scopes(protocol::scope::ScopeError),
    /// No algorithm, or one with a shared secret, which an API should not have.
    #[error(
        "at least one algorithm is needed, and all must be asymmetric; this includes those of DPoP proofs"
    )]
    Algorithms,
    /// Introspection is configured without credentials.
    #[error("introspection needs credentials")]
    CredentialsMissing,
    /// Id or secret is empty or not valid in a header.
    #[error("the credentials for introspection are incomplete or contain invalid characters")]
    Credentials,
    /// Signed answers are addressed to a client id (RFC 9701 §5), and there is none.
    #[error("JWT introspection answers need a client id, to which they are addressed")]
    AnswerAudience,
    /// DPoP proofs name the URL that they are for, and the origin of this API is unknown.
    #[error("DPoP needs `origin`, the https URL of this API, unless the audience is such a URL")]
    Origin,
    /// The secret for nonces is too short.
    #[error("the secret for DPoP nonces must have at least {NONCE_KEY_BYTES_LEAST} bytes")]
    NonceKey,
    /// A secret that signs must have at least as many bytes as the hash (RFC 7518 §3.2).
    #[error("a secret that signs assertions needs at least {SECRET_JWT_BYTES_LEAST} bytes")]
    SecretLength,
    /// Longer than [`LAST_ANSWER_SECONDS_MAX`].
    #[error("the last answer may be used for at most {LAST_ANSWER_SECONDS_MAX} seconds")]
    LastAnswer,
    /// More than [`LEEWAY_SECONDS_MAX`].
    #[error("the leeway can be at most {LEEWAY_SECONDS_MAX} seconds")]
    Leeway,
    /// Not from [`TOKEN_BYTES_MAX`] to [`TOKEN_BYTES_MOST`].
    #[error("the longest token must be from {TOKEN_BYTES_MAX} to {TOKEN_BYTES_MOST} bytes")]
    TokenBytes,
    /// The name of a claim for scopes, roles or the client is empty.
    #[error("the name of a claim for scopes, roles or the client is empty")]
    ClaimName,
    /// Longer than [`CACHE_SECONDS_MAX`].
    #[error("introspection answers can be cached for at most {CACHE_SECONDS_MAX} seconds")]
    Cache,
    /// There is no HTTP client.
    #[error("there is no HTTP client: enable the feature `client`, or provide one with `fetch`")]
    FetchMissing,
    /// The ready HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}

impl From<IssuersError> for GuardError {
    fn from(error: IssuersError) -> Self {
        match error {
            IssuersError::TooMany => Self::IssuersTooMany,
            IssuersError::Duplicate(issuer) => Self::IssuerTwice(issuer),
            IssuersError::OpaqueTwice => Self::OpaqueTwice,
        }
    }
}

impl From<DecryptionKeysError> for GuardError {
    fn from(DecryptionKeysError: DecryptionKeysError) -> Self {
        Self::DecryptionKeys
    }
}

impl From<CredentialsError> for GuardError {
    fn from(error: CredentialsError) -> Self {
        match error {
            CredentialsError::Unusable => Self::Credentials,
            CredentialsError::SecretShort => Self::SecretLength,
        }
    }
}
