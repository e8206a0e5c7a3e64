//! How often sign-in may fail.

use std::time::Duration;

/// How often an account and an address may fail, and what follows. There is no value that turns the limits off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInRates {
    /// Failures of an account within the window before its answers are delayed; at least 1.
    pub account_failures: u32,
    /// Failures of an address within the window before it is refused; at least 1.
    pub address_failures: u32,
    /// How long a failure counts.
    pub window: Duration,
    /// The longest delay of an answer.
    pub wait_max: Duration,
}

impl Default for SignInRates {
    fn default() -> Self {
        Self {
            account_failures: 5,
            address_failures: 20,
            window: Duration::from_secs(60),
            wait_max: Duration::from_secs(30),
        }
    }
}

impl SignInRates {
    /// Failures of an account that are not delayed.
    pub(super) fn account_free(&self) -> usize {
        count(self.account_failures)
    }

    /// Failures of an address before it is refused.
    pub(super) fn address_max(&self) -> usize {
        count(self.address_failures)
    }

    /// The window, in milliseconds.
    pub(super) fn window_millis(&self) -> i64 {
        i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX)
    }

    /// The longest wait, in seconds.
    pub(super) fn wait_seconds_max(&self) -> u64 {
        self.wait_max.as_secs()
    }

    /// Failures that a counter remembers: the most that any judgement needs. The wait doubles with each failure beyond
    /// the free ones, so it reaches its maximum after as many failures as that has bits.
    pub(super) fn remembered_max(&self) -> usize {
        let doublings = usize::try_from(u64::BITS - self.wait_seconds_max().leading_zeros()).unwrap_or(64);
        self.address_max().max(self.account_free() + doublings)
    }
}

fn count(failures: u32) -> usize {
    usize::try_from(failures).unwrap_or(usize::MAX).max(1)
}
