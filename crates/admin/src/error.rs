//! Why an operation did nothing.

use std::fmt;

use protocol::{ClientId, display::Shown};
use server::{Fault, Inactive, registration::RegistrationError};

/// Why a document was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The document is invalid, or does not fit what is stored.
    #[error(transparent)]
    Wrongs(#[from] RegistrationError),
    /// Every attempt to commit met a concurrent change.
    #[error("concurrent changes kept this from being committed: try again")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why an operation did nothing.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// A value is invalid, or does not fit what is stored.
    #[error(transparent)]
    Wrongs(#[from] RegistrationError),
    /// The named object does not exist.
    #[error("there is no {kind} {}", Shown(id))]
    NotFound {
        /// What kind of object.
        kind: Noun,
        /// How it was named.
        id: String,
    },
    /// No token of this issuer.
    #[error("{}", Inactive::Unknown.explanation())]
    UnknownToken,
    /// There is such an object already.
    #[error("there is already a {kind} {}", Shown(id))]
    Exists {
        /// What kind of object.
        kind: Noun,
        /// Its name.
        id: String,
    },
    /// The object is not one that this can be done with.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Every attempt to commit met a concurrent change.
    #[error("concurrent changes kept this from being committed: try again")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<ApplyError> for OperationError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Wrongs(wrongs) => Self::Wrongs(wrongs),
            ApplyError::Contended => Self::Contended,
            ApplyError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// What kind of object an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Noun {
    Client,
    Grant,
    Resource,
    Session,
    SigningKey,
    Token,
    User,
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Grant => "grant",
            Self::Resource => "resource",
            Self::Session => "session",
            Self::SigningKey => "signing key",
            Self::Token => "token",
            Self::User => "user",
        })
    }
}

/// Why something can't be done with an object as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its secret would never be asked for.
    #[error("{id} authenticates by {method}, which needs no secret")]
    NeedsNoSecret {
        /// The client.
        id: ClientId,
        /// How it authenticates.
        method: String,
    },
    /// The credentials are a client's.
    #[error("it uses the credentials of client {0}: run passavant client secret {0}")]
    SharesCredentials(ClientId),
    /// The resource never calls this server.
    #[error("{0} was registered without credentials")]
    WithoutCredentials(String),
    /// The caller is disabled.
    #[error("{0} is disabled")]
    Disabled(ClientId),
    /// The server registers it itself.
    #[error("it is the server's own admin API, which every server has")]
    OwnApi,
    /// A registration token permits one registration or more.
    #[error("a registration token permits 1 to {most} registrations")]
    TokenUses {
        /// The most that it may permit.
        most: u32,
    },
    /// More than one resource is meant.
    #[error("several resources use {0}: name one by its identifier")]
    Ambiguous(String),
}
