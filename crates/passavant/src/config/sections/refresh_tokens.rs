//! `[refresh_tokens]`: how long an app can stay signed in by itself.

use std::time::Duration;

use super::super::{
    duration::{DAY, MINUTE},
    kind::Lasting,
};

section! {
    /// Lifetimes of refresh tokens, which are rotated at every use.
    RefreshTokens at "refresh_tokens." {
        /// How long a refresh token that is not used is valid. At most `refresh_tokens.absolute`, to which a longer
        /// default is shortened.
        idle: Duration = Lasting { min: MINUTE, max: 3650 * DAY }, default "14 days";
        /// How long all refresh tokens of one grant are valid together; then the user is asked again.
        absolute: Duration = Lasting { min: MINUTE, max: 3650 * DAY }, default "30 days";
        /// The same for public web clients, where a script in a page holds the token (RFC 9700 section 4.14). At most
        /// `refresh_tokens.absolute`, to which a longer default is shortened.
        absolute_public_web: Duration = Lasting { min: MINUTE, max: 3650 * DAY }, default "1 day";
        /// How long after a rotation the previous token still gets the same successor, since an answer may be lost.
        grace: Duration = Lasting { min: 0, max: 5 * MINUTE }, default "10 seconds";
    }
}
