//! Subjects: a store knows only the number of times that each was ended.

use protocol::Subject;
use serde::{Deserialize, Serialize};

/// A subject as it was seen before its credentials were checked. A session or grant is written for it
/// only if nothing ended the subject since. So read this first, then the account, then check the password.
///
/// A sign-in of several steps keeps it from the first step on, for example in [`OpenInteraction::set_note`].
///
/// [`OpenInteraction::set_note`]: crate::OpenInteraction::set_note
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenSubject {
    /// The subject.
    pub subject: Subject,
    /// The number of times it was ended.
    pub version: i64,
}
