//! `[signing_keys]`: when they are replaced.

use std::time::Duration;

use super::super::{
    duration::{DAY, HOUR},
    kind::Lasting,
};

section! {
    /// The keys that sign tokens.
    SigningKeys at "signing_keys." {
        /// How long a key signs before the server replaces it by itself. Its successor is published ten minutes before it
        /// signs; `passavant key list` shows the dates.
        rotate_every: Duration = Lasting { min: HOUR, max: 3650 * DAY }, default "90 days";
    }
}
