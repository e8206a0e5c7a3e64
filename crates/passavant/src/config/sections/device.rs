//! `[device]`: the device grant.

use std::time::Duration;

use super::super::{
    duration::{HOUR, MINUTE},
    kind::{Boolean, Lasting},
};

section! {
    /// The device grant (RFC 8628): a television or a command line is signed in by a browser elsewhere.
    Device at "device." {
        /// Whether clients that registered the grant type may use it. Its page is `/device`.
        enabled: bool = Boolean, default "false";
        /// How long the code on the device can be used.
        code_lifetime: Duration = Lasting { min: MINUTE, max: HOUR }, default "10 minutes";
        /// How long a device waits between two requests.
        interval: Duration = Lasting { min: 1, max: MINUTE }, default "5 seconds";
    }
}
