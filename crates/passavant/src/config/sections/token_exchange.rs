//! `[token_exchange]`: token exchange.

use std::time::Duration;

use super::super::{
    duration::HOUR,
    kind::{Boolean, Lasting},
};

section! {
    /// Token exchange (RFC 8693): an API gets a token for another API, on behalf of its user.
    TokenExchange at "token_exchange." {
        /// Whether clients whose member `token_exchange` allows it may exchange tokens.
        enabled: bool = Boolean, default "false";
        /// Longest lifetime of an exchanged token, which never outlives the token that it was exchanged for.
        token_lifetime_max: Duration = Lasting { min: 10, max: HOUR }, default "10 minutes";
    }
}
