//! A refused token: the reason, and what differs from what was expected.

use protocol::Difference;

use crate::reason::Reason;

/// Why a token is refused. What differs is for the log: the caller reads only the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) reason: Reason,
    /// What differs, where a value that was found is not the one that was expected.
    pub(crate) difference: Option<Box<Difference>>,
}

impl Refused {
    pub(crate) fn differing(reason: Reason, difference: Difference) -> Self {
        Self { reason, difference: Some(Box::new(difference)) }
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reason, difference: None }
    }
}
