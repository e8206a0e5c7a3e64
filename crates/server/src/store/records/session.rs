//! Sessions.

use protocol::{Subject, Timestamp};

/// A browser's sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who is signed in.
    pub subject: Subject,
    /// When (`auth_time`).
    pub authenticated_at: Timestamp,
    /// How (`amr`), space separated.
    pub amr: Box<str>,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}
