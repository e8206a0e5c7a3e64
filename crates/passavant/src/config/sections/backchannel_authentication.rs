//! `[backchannel_authentication]`: CIBA.

use std::time::Duration;

use super::super::{
    duration::{HOUR, MINUTE},
    kind::{Boolean, Lasting},
};

section! {
    /// Backchannel authentication (CIBA): a client names its user, who approves at `/account/requests`.
    BackchannelAuthentication at "backchannel_authentication." {
        /// Whether confidential clients that registered the grant type may use it.
        enabled: bool = Boolean, default "false";
        /// How long a request waits for its user, unless the client asks for less.
        request_lifetime: Duration = Lasting { min: MINUTE, max: HOUR }, default "5 minutes";
        /// How long a client waits between two polls.
        interval: Duration = Lasting { min: 1, max: MINUTE }, default "5 seconds";
    }
}
