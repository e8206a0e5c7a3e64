//! What can be wrong with the settings of a guard.

use fetching::EndpointError;
use protocol::uri::UriError;

use crate::judging::introspection::CredentialsError;
use crate::judging::issuers::IssuersError;
use crate::limits::{
    CACHE_SECONDS_MAX, ISSUERS_MAX, LAST_ANSWER_SECONDS_MAX, NONCE_KEY_BYTES_LEAST, OWN_KEYS_MAX,
    SECRET_JWT_BYTES_LEAST,
};
use crate::trust::own_keys::DecryptionKeysError;

/// Why a guard can't be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// No `https` URL, and no `http` to loopback (RFC 8414 §2).
    #[error("the issuer {0}")]
    Issuer(UriError),
    /// The audience is empty, too long, or holds spaces.
    #[error("the audience must be a text without spaces, best the URL of this API")]
    Audience,
    /// A prefix of URLs where the audience is no `http` or `https` URL, or a claim without name or values.
    #[error("the audience rule needs a web address as audience, or a claim with a name and values")]
    AudienceRule,
    /// More than [`ISSUERS_MAX`].
    #[error("a guard trusts at most {ISSUERS_MAX} issuers")]
    IssuersTooMany,
    /// The same issuer again.
    #[error("the issuer {0} is set up twice")]
    IssuerTwice(String),
    /// Two issuers introspect, and a token that does not name its issuer could be either's.
    #[error("two issuers introspect; a token that names no issuer can be sent to one only")]
    OpaqueTwice,
    /// A setting of the whole guard on the builder of another issuer.
    #[error("`{0}` concerns the whole guard: set it on the first builder")]
    NotFirst(&'static str),
    /// Too many decryption keys, or a replacement that would leave or find none that can be shown.
    #[error("decryption keys: at most {OWN_KEYS_MAX}, and at least one to show where there was one before")]
    DecryptionKeys,
    /// A configured address that may not be asked.
    #[error("the {0} URL {1}")]
    Endpoint(&'static str, EndpointError),
    /// Required or supported scopes that are none (RFC 6749 §3.3).
    #[error("the scopes: {0}")]
    Scopes(protocol::scope::ScopeError),
    /// No algorithm, or one with a shared secret, which no API should hold.
    #[error("the algorithms, also those of DPoP proofs, must be asymmetric ones, and at least one")]
    Algorithms,
    /// Introspection is wanted, and there are no credentials for it.
    #[error("introspection needs credentials")]
    CredentialsMissing,
    /// Id or secret is empty, or can't stand in a header.
    #[error("the credentials for introspection are incomplete, or hold characters that can't be sent")]
    Credentials,
    /// A signed answer is addressed to our client id (RFC 9701 §5), and there is none.
    #[error("JWT introspection answers need a client id, to which they are addressed")]
    AnswerAudience,
    /// Proofs name the address that they are for, and it is not known.
    #[error("DPoP needs `origin`, the https address of this API for its clients, where the audience is none")]
    Origin,
    /// A secret for nonces that is too short.
    #[error("the secret for DPoP nonces must have at least {NONCE_KEY_BYTES_LEAST} bytes")]
    NonceKey,
    /// A secret that is to sign must have as many bytes as the hash (RFC 7518 §3.2).
    #[error("a secret that signs assertions needs at least {SECRET_JWT_BYTES_LEAST} bytes")]
    SecretLength,
    /// Longer than [`LAST_ANSWER_SECONDS_MAX`].
    #[error("the last answer may serve for at most {LAST_ANSWER_SECONDS_MAX} seconds")]
    LastAnswer,
    /// Longer than [`CACHE_SECONDS_MAX`].
    #[error("introspection answers are kept for at most {CACHE_SECONDS_MAX} seconds")]
    Cache,
    /// There is nothing to fetch with.
    #[error("there is no HTTP client: enable the feature `client`, or fill the port with `fetch`")]
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
