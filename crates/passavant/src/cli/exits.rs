//! Which exit code the errors of other modules end a command with. The only list.

use admin::{ApplyError, OperationError, Refusal};
use demo::{DemoError, RelyingPartyError};
use fetching::FetchError;
use server::{Fault, registration::RegistrationError};
use tokio::task::JoinError;

use crate::{
    config::Problems,
    storage::StorageError,
    terminal::{Exit, Failure},
    wiring::OpenFailure,
};

impl From<OpenFailure> for Failure {
    fn from(error: OpenFailure) -> Self {
        let exit = if error.is_configuration() { Exit::Config } else { Exit::Failed };
        Self::new(exit, error.into())
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        OpenFailure::from(error).into()
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Wrongs(wrongs) => wrongs.into(),
            ApplyError::Contended | ApplyError::Fault(_) => Self::new(Exit::Failed, error.into()),
        }
    }
}

impl From<RelyingPartyError> for Failure {
    fn from(error: RelyingPartyError) -> Self {
        match error {
            RelyingPartyError::Fetch(error) => error.into(),
            error => Self::new(Exit::Failed, error.into()),
        }
    }
}

/// The values of an operation stand on the command line, where those of `apply` stand in a file.
impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        let exit = match &error {
            OperationError::Wrongs(_)
            | OperationError::Refused(Refusal::Ambiguous(_) | Refusal::TokenUses { .. }) => Exit::Usage,
            OperationError::NotFound { .. } | OperationError::UnknownToken => Exit::NotFound,
            OperationError::Exists { .. }
            | OperationError::Refused(_)
            | OperationError::Contended
            | OperationError::Fault(_) => Exit::Failed,
        };
        Self::new(exit, error.into())
    }
}

/// Of the operating system's errors there is none: each is told with what it is about, such as its path.
macro_rules! exits {
    ($($error:ty => $exit:ident),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(Exit::$exit, error.into())
            }
        })+
    };
}

exits! {
    Problems => Config,
    RegistrationError => Config,
    Fault => Failed,
    JoinError => Failed,
    reqwest::Error => Failed,
    rustls::Error => Failed,
    DemoError => Failed,
    FetchError => Unreachable,
}
