//! Subjects, as far as a store knows them: how often each was ended.

use protocol::Subject;
use serde::{Deserialize, Serialize};

/// A subject as it was seen before its credentials were checked. What begins for it (a session, a grant) is written only
/// if nothing ended the subject since: so read this first, then the account, then check the password.
///
/// A sign-in of several steps keeps it from the first of them, in [`OpenInteraction::set_note`] say.
///
/// [`OpenInteraction::set_note`]: crate::OpenInteraction::set_note
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenSubject {
    /// Whom.
    pub subject: Subject,
    /// How often it was ended.
    pub version: i64,
}
