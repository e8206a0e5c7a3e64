//! Which exit code the errors of other modules end a command with. The only list.

use std::io;

use demo::{DemoError, RelyingPartyError};
use fetching::FetchError;
use server::Fault;
use tokio::task::JoinError;

use crate::{
    config::Problems,
    terminal::{Exit, Failure},
    wiring::OpenFailure,
    world::{ApplyError, Wrongs},
};

impl From<OpenFailure> for Failure {
    fn from(error: OpenFailure) -> Self {
        let exit = if error.is_configuration() { Exit::Config } else { Exit::Failed };
        Self::new(exit, error.into())
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
    Wrongs => Config,
    Fault => Failed,
    io::Error => Failed,
    JoinError => Failed,
    reqwest::Error => Failed,
    rustls::Error => Failed,
    DemoError => Failed,
    FetchError => Unreachable,
}
