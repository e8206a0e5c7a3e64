//! `[interactions]`: pauses of an authorization request, in which a user signs in or agrees.

use std::time::Duration;

use super::super::{
    duration::{DAY, MINUTE},
    kind::Lasting,
};

section! {
    /// Pauses of an authorization request, in which a user signs in or agrees.
    Interactions at "interactions." {
        /// How long a sign-in, consent or sign-out page can be answered.
        lifetime: Duration = Lasting { min: MINUTE, max: DAY }, default "15 minutes";
    }
}
