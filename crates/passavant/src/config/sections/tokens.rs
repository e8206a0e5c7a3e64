//! `[tokens]`: lifetimes of codes, access tokens and ID tokens.

use std::time::Duration;

use super::super::{
    duration::{DAY, MINUTE},
    kind::Lasting,
};

section! {
    /// Lifetimes of codes, access tokens and ID tokens.
    Tokens at "tokens." {
        /// How long an authorization code can be redeemed (RFC 6749 section 4.1.2: at most ten minutes).
        code_lifetime: Duration = Lasting { min: 1, max: 10 * MINUTE }, default "60 seconds";
        /// How long an access token is valid, unless its resource sets `access_token_lifetime`.
        access_token_lifetime: Duration = Lasting { min: 1, max: DAY }, default "10 minutes";
        /// How long an ID token is valid.
        id_token_lifetime: Duration = Lasting { min: 1, max: DAY }, default "10 minutes";
        /// How far the clocks of clients may be off when they authenticate by a signed assertion.
        clock_skew: Duration = Lasting { min: 0, max: 5 * MINUTE }, default "30 seconds";
    }
}
