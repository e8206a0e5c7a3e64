//! The rule of the sign-in limits, from recent failures to a judgement. Time is an argument.

use std::{collections::VecDeque, time::Duration};

use super::rates::SignInRates;

/// What to do with an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Check the password after this wait, which is mostly zero.
    After(Duration),
    /// Undecided attempts hold every remaining try: ask again when one is decided.
    Held,
    /// Refuse it for this long.
    Refused(Duration),
}

/// Recent failures of one account or address, and its attempts that are not decided yet.
#[derive(Debug, Default)]
pub(super) struct Counter {
    /// When they were, in milliseconds since 1970, oldest first.
    failures: VecDeque<i64>,
    undecided: usize,
    waiting: usize,
}

impl Counter {
    /// The rule for an account, which is never locked.
    pub(super) fn judge_account(&self, rates: &SignInRates, now: i64) -> Judgement {
        let (recent, free, longest) =
            (self.recent(rates, now), rates.account_free(), rates.wait_seconds_max());
        if recent < free {
            let held = recent + self.undecided >= free;
            return if held { Judgement::Held } else { Judgement::After(Duration::ZERO) };
        }
        let doublings = u32::try_from(recent - free + self.waiting).unwrap_or(u32::MAX);
        let seconds = 1_u64.checked_shl(doublings).unwrap_or(longest).min(longest);
        Judgement::After(Duration::from_secs(seconds))
    }

    /// The rule for an address.
    pub(super) fn judge_address(&self, rates: &SignInRates, now: i64) -> Judgement {
        let (recent, most) = (self.recent(rates, now), rates.address_max());
        if recent >= most {
            let oldest = self.failures[self.failures.len() - most];
            let left = u64::try_from(oldest + rates.window_millis() - now).unwrap_or(0);
            return Judgement::Refused(Duration::from_millis(left));
        }
        let held = recent + self.undecided >= most;
        if held { Judgement::Held } else { Judgement::After(Duration::ZERO) }
    }

    /// An attempt was admitted.
    pub(super) fn begin(&mut self, waits: bool) {
        self.undecided += 1;
        self.waiting += usize::from(waits);
    }

    /// An attempt was decided or abandoned.
    pub(super) fn end(&mut self, waits: bool) {
        self.undecided = self.undecided.saturating_sub(1);
        self.waiting = self.waiting.saturating_sub(usize::from(waits));
    }

    /// An attempt failed.
    pub(super) fn fail(&mut self, rates: &SignInRates, now: i64) {
        if self.failures.len() >= rates.remembered_max() {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
    }

    /// Forgets the failures up to this time.
    pub(super) fn forgive(&mut self, upto: i64) {
        self.failures.retain(|at| *at > upto);
    }

    /// How many failures count, and when the last of them stops to.
    pub(super) fn failures(&self, rates: &SignInRates, now: i64) -> (usize, i64) {
        let last = self.failures.back().copied().unwrap_or(now);
        (self.recent(rates, now), last.saturating_add(rates.window_millis()))
    }

    /// Whether forgetting it would change a judgement.
    pub(super) fn matters(&self, rates: &SignInRates, now: i64) -> bool {
        self.undecided > 0 || self.recent(rates, now) > 0
    }

    /// When it failed last; an account with an undecided attempt counts as failing now.
    pub(super) fn last(&self) -> i64 {
        if self.undecided > 0 { i64::MAX } else { self.failures.back().copied().unwrap_or(i64::MIN) }
    }

    /// Whether it holds nothing.
    pub(super) fn is_blank(&self) -> bool {
        self.undecided == 0 && self.failures.is_empty()
    }

    fn recent(&self, rates: &SignInRates, now: i64) -> usize {
        let window = rates.window_millis();
        self.failures.iter().filter(|at| now - **at < window).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time of the first failure of every case, in milliseconds.
    const START: i64 = 1_700_000_000_000;

    fn rates() -> SignInRates {
        SignInRates::default()
    }

    fn failed(times: impl IntoIterator<Item = i64>) -> Counter {
        let mut counter = Counter::default();
        times.into_iter().for_each(|at| counter.fail(&rates(), START + at));
        counter
    }

    fn after(seconds: u64) -> Judgement {
        Judgement::After(Duration::from_secs(seconds))
    }

    #[test]
    fn an_account_fails_5_times_a_minute_and_then_waits_1_2_4_to_30_seconds() {
        for (failures, seconds) in [
            (0, 0),
            (4, 0),
            (5, 1),
            (6, 2),
            (7, 4),
            (8, 8),
            (9, 16),
            (10, 30),
            (11, 30),
            (20, 30),
            (1000, 30),
        ] {
            let counter = failed((0..failures).map(|_| 0));
            assert_eq!(counter.judge_account(&rates(), START), after(seconds), "{failures} failures");
        }
    }

    #[test]
    fn failures_of_an_account_are_forgotten_after_a_minute() {
        let counter = failed([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
        for (now, seconds) in [(50_000, 2), (59_999, 2), (60_000, 1), (70_000, 0), (200_000, 0)] {
            assert_eq!(counter.judge_account(&rates(), START + now), after(seconds), "at {now}");
        }
        assert!(counter.matters(&rates(), START + 109_999) && !counter.matters(&rates(), START + 110_000));
    }

    #[test]
    fn concurrent_attempts_at_an_account_wait_ever_longer_but_none_is_refused() {
        let mut counter = failed([0; 5]);
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(counter.judge_account(&rates(), START), after(seconds));
            counter.begin(true);
        }
        (7..1000).for_each(|_| counter.begin(true));
        assert_eq!(counter.judge_account(&rates(), START), after(30));
    }

    #[test]
    fn an_undecided_attempt_holds_a_try_until_it_is_decided() {
        let mut counter = failed([0; 3]);
        counter.begin(false);
        counter.begin(false);
        assert_eq!(counter.judge_account(&rates(), START), Judgement::Held);
        counter.end(false);
        assert_eq!(counter.judge_account(&rates(), START), after(0));
        counter.fail(&rates(), START);
        assert_eq!(counter.judge_account(&rates(), START), Judgement::Held);
    }

    #[test]
    fn an_address_fails_20_times_a_minute_and_is_then_told_when_to_retry() {
        let counter = failed((0..19).map(|i| i * 1000));
        assert_eq!(counter.judge_address(&rates(), START + 19_000), after(0));
        let mut counter = failed((0..20).map(|i| i * 1000));
        let refused = |seconds| Judgement::Refused(Duration::from_secs(seconds));
        assert_eq!(counter.judge_address(&rates(), START + 20_000), refused(40));
        assert_eq!(counter.judge_address(&rates(), START + 59_000), refused(1));
        assert_eq!(counter.judge_address(&rates(), START + 60_000), after(0));
        counter.begin(false);
        assert_eq!(counter.judge_address(&rates(), START + 60_000), Judgement::Held);
    }

    #[test]
    fn other_rates_count_longer_wait_longer_and_remember_enough() {
        let rates = SignInRates {
            account_failures: 2,
            address_failures: 3,
            window: Duration::from_secs(3_600),
            wait_max: Duration::from_secs(300),
        };
        let mut counter = Counter::default();
        for seconds in [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert_eq!(counter.judge_account(&rates, START + 3_599_999), after(seconds));
            counter.fail(&rates, START);
        }
        assert_eq!(counter.judge_account(&rates, START + 3_600_000), after(0));
        let left = Judgement::Refused(Duration::from_secs(3_600));
        assert_eq!(counter.judge_address(&rates, START), left);
    }
}
