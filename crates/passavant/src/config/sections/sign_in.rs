//! `[sign_in]`: what failed sign-ins cost.

use std::time::Duration;

use super::super::{
    duration::{DAY, MINUTE},
    kind::{Lasting, Number},
};

section! {
    /// Limits of failed sign-ins. Only failures count, the correct password always works, and no setting disables them.
    SignIn at "sign_in." {
        /// How often an account may fail within `sign_in.window`; then each further answer waits 1, 2, 4 .. seconds.
        account_failures: u32 = Number { min: 1, max: 100, unit: "failures" }, default "5";
        /// How often an address may fail within `sign_in.window`; then it is refused with 429. An IPv6 address counts
        /// with its /64 and its /48. Loopback, and a proxy that `http.trusted_proxies` does not name, are not counted.
        address_failures: u32 = Number { min: 1, max: 1_000, unit: "failures" }, default "20";
        /// How long a failure counts.
        window: Duration = Lasting { min: 10, max: DAY }, default "1 minute";
        /// How long an answer waits at most.
        wait_max: Duration = Lasting { min: 1, max: 5 * MINUTE }, default "30 seconds";
    }
}
