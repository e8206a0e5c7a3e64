//! Sign-in limits: only failures count, no account is locked, and no setting turns them off.
//!
//! By default an account may fail 5 times a minute; then each further answer is delayed by 1, 2, 4 .. 30 seconds. An
//! address may fail 20 times a minute; then it is refused. An attempt that is not decided yet counts as one that may
//! fail, so concurrent attempts try no more passwords than consecutive ones.

mod counter;
mod rates;

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counter::{Counter, Judgement};
pub use rates::SignInRates;
use server::ports::Clock;
use tokio::sync::Notify;

/// Most counters of accounts, and of addresses. Each failure costs this machine one Argon2id hash, so counters that still
/// matter hardly ever reach it; if they do, the one that failed longest ago is dropped.
const COUNTERS_MAX: usize = 32 * 1024;

/// Most concurrent attempts that wait, over all accounts.
const WAITING_MAX: usize = 1024;

/// Counts failed sign-ins by account and by address.
#[derive(Debug, Default)]
pub struct SignInLimits {
    rates: SignInRates,
    state: Mutex<State>,
    decided: Notify,
}

impl SignInLimits {
    /// Limits with these rates.
    pub fn new(rates: SignInRates) -> Self {
        Self { rates, ..Self::default() }
    }

    /// Waits until an attempt at `account` (its canonical username, whether it exists or not) from `address` may be
    /// decided.
    ///
    /// # Errors
    /// [`AttemptError`] where the address has failed too often, or too many attempts are waiting.
    pub async fn attempt(
        self: &Arc<Self>,
        account: &str,
        address: IpAddr,
        clock: &dyn Clock,
    ) -> Result<Attempt, AttemptError> {
        let mut waiting = None;
        loop {
            let mut decided = pin!(self.decided.notified());
            decided.as_mut().enable();
            let (attempt, wait) = self.admit(account, address, clock.millis())?;
            if !wait.is_zero() || attempt.is_none() {
                waiting = match waiting {
                    Some(held) => Some(held),
                    None => Some(Waiting::begin(self)?),
                };
            }
            match attempt {
                Some(attempt) if wait.is_zero() => return Ok(attempt),
                Some(attempt) => {
                    tokio::time::sleep(wait).await;
                    return Ok(attempt);
                }
                None => decided.await,
            }
        }
    }

    /// An attempt and how long it waits; none while undecided attempts hold every remaining try. `now` is in
    /// milliseconds since 1970.
    fn admit(
        self: &Arc<Self>,
        account: &str,
        address: IpAddr,
        now: i64,
    ) -> Result<(Option<Attempt>, Duration), AttemptError> {
        let address = network(address);
        let mut state = self.lock();
        let by_address = state.addresses.judge(&address, |counter| counter.judge_address(&self.rates, now));
        let by_account = state.accounts.judge(account, |counter| counter.judge_account(&self.rates, now));
        let wait = match (by_address, by_account) {
            (Judgement::Refused(left), _) | (_, Judgement::Refused(left)) => {
                return Err(AttemptError::later(left));
            }
            (Judgement::Held, _) | (_, Judgement::Held) => return Ok((None, Duration::ZERO)),
            (Judgement::After(one), Judgement::After(other)) => one.max(other),
        };
        let waits = !wait.is_zero();
        state.accounts.change(account.into(), &self.rates, now, |counter| counter.begin(waits));
        state.addresses.change(address, &self.rates, now, |counter| counter.begin(waits));
        drop(state);
        Ok((Some(Attempt { limits: Arc::clone(self), account: account.into(), address, waits }), wait))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counters hold no invariant that a panic elsewhere could break.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt that is being decided. One that is dropped undecided does not count: nobody learned anything from it.
#[derive(Debug)]
pub struct Attempt {
    limits: Arc<SignInLimits>,
    account: Box<str>,
    address: IpAddr,
    waits: bool,
}

impl Attempt {
    /// The password was wrong, or there is no such account. `now` is in milliseconds since 1970.
    pub fn fail(self, now: i64) {
        let (rates, mut state) = (&self.limits.rates, self.limits.lock());
        state.accounts.change(self.account.clone(), rates, now, |counter| counter.fail(rates, now));
        state.addresses.change(self.address, rates, now, |counter| counter.fail(rates, now));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut state = self.limits.lock();
        state.accounts.end(&*self.account, self.waits);
        state.addresses.end(&self.address, self.waits);
        drop(state);
        self.limits.decided.notify_waiters();
    }
}

/// Why the password of an attempt is not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptError {
    /// Too many failed: retry after this many seconds (429).
    Later(u64),
    /// Too many are waiting (503).
    Busy,
}

impl AttemptError {
    fn later(left: Duration) -> Self {
        Self::Later(left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1))
    }
}

/// One of [`WAITING_MAX`] places, released when dropped.
struct Waiting<'a>(&'a SignInLimits);

impl<'a> Waiting<'a> {
    fn begin(limits: &'a SignInLimits) -> Result<Self, AttemptError> {
        let mut state = limits.lock();
        if state.waiting >= WAITING_MAX {
            return Err(AttemptError::Busy);
        }
        state.waiting += 1;
        Ok(Self(limits))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

#[derive(Debug, Default)]
struct State {
    accounts: Counters<Box<str>>,
    addresses: Counters<IpAddr>,
    waiting: usize,
}

/// At most [`COUNTERS_MAX`] counters by key.
#[derive(Debug)]
struct Counters<K>(HashMap<K, Counter>);

impl<K: Eq + Hash + Clone> Counters<K> {
    fn judge<Q>(&self, key: &Q, judge: impl FnOnce(&Counter) -> Judgement) -> Judgement
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        match self.0.get(key) {
            Some(counter) => judge(counter),
            None => judge(&Counter::default()),
        }
    }

    fn change(&mut self, key: K, rates: &SignInRates, now: i64, change: impl FnOnce(&mut Counter)) {
        if self.0.len() >= COUNTERS_MAX && !self.0.contains_key(&key) {
            self.make_room(rates, now);
        }
        change(self.0.entry(key).or_default());
    }

    fn end<Q>(&mut self, key: &Q, waits: bool)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(counter) = self.0.get_mut(key) {
            counter.end(waits);
            if counter.is_blank() {
                self.0.remove(key);
            }
        }
    }

    fn make_room(&mut self, rates: &SignInRates, now: i64) {
        self.0.retain(|_, counter| counter.matters(rates, now));
        if self.0.len() >= COUNTERS_MAX {
            let oldest = self.0.iter().min_by_key(|(_, counter)| counter.last()).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.0.remove(&key));
        }
    }
}

impl<K> Default for Counters<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

/// What counts as one address: an IPv4 address, or the /64 of an IPv6 address, all of which one host may own.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    /// In milliseconds since 1970.
    const NOW: i64 = 1_700_000_000_000;

    struct At(i64);

    impl Clock for At {
        fn millis(&self) -> i64 {
            self.0
        }
    }

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    fn fail(limits: &Arc<SignInLimits>, account: &str, address: IpAddr) {
        let (attempt, _) = limits.admit(account, address, NOW).expect("admitted");
        attempt.expect("admitted").fail(NOW);
    }

    fn wait(limits: &Arc<SignInLimits>, account: &str, address: IpAddr) -> u64 {
        limits.admit(account, address, NOW).expect("admitted").1.as_secs()
    }

    #[test]
    fn failures_from_many_addresses_make_one_account_wait_and_no_other() {
        let limits = Arc::default();
        (0..5).for_each(|i| fail(&limits, "alice", address(i)));
        assert_eq!(wait(&limits, "alice", address(99)), 1);
        assert_eq!(wait(&limits, "bob", address(1)), 0);
    }

    #[test]
    fn an_address_that_failed_at_20_accounts_is_refused_and_no_other_is() {
        let limits = Arc::default();
        (0..20).for_each(|i| fail(&limits, &format!("user-{i}"), address(1)));
        assert_eq!(limits.admit("alice", address(1), NOW).expect_err("refused"), AttemptError::Later(60));
        assert_eq!(
            limits.admit("alice", address(1), NOW + 59_001).expect_err("refused"),
            AttemptError::Later(1)
        );
        assert!(limits.admit("alice", address(1), NOW + 60_000).is_ok());
        assert_eq!(wait(&limits, "alice", address(2)), 0);
    }

    #[test]
    fn other_rates_hold_for_both() {
        let rates = SignInRates { account_failures: 1, address_failures: 2, ..SignInRates::default() };
        let limits = Arc::new(SignInLimits::new(rates));
        fail(&limits, "alice", address(1));
        assert_eq!(wait(&limits, "alice", address(2)), 1);
        fail(&limits, "bob", address(1));
        assert_eq!(limits.admit("carol", address(1), NOW).expect_err("refused"), AttemptError::Later(60));
    }

    #[test]
    fn successes_never_count() {
        let limits: Arc<SignInLimits> = Arc::default();
        for _ in 0..1000 {
            let (attempt, wait) = limits.admit("alice", address(1), NOW).expect("admitted");
            assert_eq!(wait, Duration::ZERO);
            drop(attempt.expect("admitted"));
        }
        assert!(limits.lock().accounts.0.is_empty() && limits.lock().addresses.0.is_empty());
    }

    #[test]
    fn ipv6_counts_by_64_and_mapped_ipv4_as_ipv4() {
        let same = |one: &str, other: &str| {
            network(one.parse().expect("address")) == network(other.parse().expect("address"))
        };
        assert!(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
    }

    #[test]
    fn counters_are_bounded_and_the_newest_failures_survive() {
        let limits: Arc<SignInLimits> = Arc::default();
        let (rates, mut state) = (SignInRates::default(), limits.lock());
        for i in 0..COUNTERS_MAX {
            let at = NOW + i64::try_from(i).expect("small");
            state.accounts.change(format!("user-{i}").into(), &rates, at, |counter| counter.fail(&rates, at));
        }
        state.accounts.change("undecided".into(), &rates, NOW, |counter| counter.begin(false));
        state.accounts.change("one-more".into(), &rates, NOW, |counter| counter.fail(&rates, NOW));
        assert_eq!(state.accounts.0.len(), COUNTERS_MAX);
        for (key, kept) in [("user-0", false), ("user-1", false), ("user-2", true), ("undecided", true)] {
            assert_eq!(state.accounts.0.contains_key(key), kept, "{key}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_100_concurrent_wrong_passwords_5_are_answered_at_once_and_the_others_wait() {
        let limits: Arc<SignInLimits> = Arc::default();
        let start = tokio::time::Instant::now();
        let tries = (0..100).map(|i| {
            let limits = Arc::clone(&limits);
            tokio::spawn(async move {
                let attempt = limits.attempt("alice", address(i), &At(NOW)).await.ok()?;
                attempt.fail(NOW);
                Some(start.elapsed().as_secs())
            })
        });
        let mut answered = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            answered.extend(one.await.expect("no panic"));
        }
        answered.sort_unstable();
        assert_eq!(answered[..11], [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30]);
        assert_eq!(answered.len(), 5 + 16, "the rest was refused");
    }

    #[tokio::test(start_paused = true)]
    async fn of_100_concurrent_right_passwords_none_waits_longer_than_the_others_take() {
        let limits: Arc<SignInLimits> = Arc::default();
        let start = tokio::time::Instant::now();
        let tries = (0..100).map(|_| {
            let limits = Arc::clone(&limits);
            tokio::spawn(async move {
                let attempt = limits.attempt("alice", address(1), &At(NOW)).await.expect("admitted");
                tokio::task::yield_now().await;
                drop(attempt);
            })
        });
        for one in tries.collect::<Vec<_>>() {
            one.await.expect("no panic");
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_would_wait_is_refused_where_too_many_wait() {
        let limits: Arc<SignInLimits> = Arc::default();
        (0..5).for_each(|i| fail(&limits, "alice", address(i)));
        let held: Vec<_> = (0..WAITING_MAX).map(|_| Waiting::begin(&limits).expect("free")).collect();
        let error = limits.attempt("alice", address(9), &At(NOW)).await.expect_err("full");
        assert_eq!(error, AttemptError::Busy);
        assert!(
            limits.attempt("bob", address(9), &At(NOW)).await.is_ok(),
            "an attempt that need not wait is admitted"
        );
        drop(held);
        assert!(limits.attempt("alice", address(9), &At(NOW)).await.is_ok());
    }
}
