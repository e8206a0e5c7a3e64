//! `[sessions]`: how long browsers stay signed in, and what signing out ends.

use std::time::Duration;

use super::super::{
    duration::{DAY, MINUTE},
    kind::{Boolean, Lasting, OneOf},
};

section! {
    /// How long browsers stay signed in, and what signing out ends.
    Sessions at "sessions." {
        /// How long a session lasts while nobody uses it. At most `sessions.absolute`, to which a longer default is
        /// shortened.
        idle: Duration = Lasting { min: 5 * MINUTE, max: 365 * DAY }, default "1 hour";
        /// How long a session lasts, used or not; then users sign in again.
        absolute: Duration = Lasting { min: 5 * MINUTE, max: 365 * DAY }, default "12 hours";
        /// Whether browsers remember who is signed in when they are closed: `never`, or `always`, as long as the
        /// session lasts.
        remember: bool = OneOf(&[("never", false), ("always", true)]), default "never";
        /// Whether signing out also ends the grants with `offline_access` of that session.
        logout_ends_offline: bool = Boolean, default "false";
    }
}
