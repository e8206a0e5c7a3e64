//! Theirs or ours: a request is refused for a [`Reason`], or it failed by a [`Fault`].

use std::{error::Error as StdError, fmt};

use crate::reason::Reason;

/// Why a request got no answer of its kind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The peer's fault: it is told the code and the public text of the reason.
    #[error("{}", .0.description())]
    Refused(Reason),
    /// Our fault: logged with its chain, told as `server_error` without detail.
    #[error(transparent)]
    Failed(Fault),
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// Something of ours did not work.
#[derive(Debug)]
pub enum Fault {
    /// Too much is waiting, or no decision held: 503 with `Retry-After`.
    Busy(&'static str),
    /// Something broke: 500.
    Broken(Box<dyn StdError + Send + Sync>),
}

impl Fault {
    /// Wraps what broke.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Broken(source.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(what) => write!(f, "busy: {what}"),
            Self::Broken(source) => write!(f, "{source}"),
        }
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Busy(_) => None,
            Self::Broken(source) => Some(&**source),
        }
    }
}
