//! Sign-in limits: only failures count, no account is locked, and no setting turns them off.
//!
//! By default an account may fail 5 times a minute; then each further answer is delayed by 1, 2, 4 .. 30 seconds. An
//! address may fail 20 times a minute; then it is refused. An attempt that is not decided yet counts as one that may
//! fail, so concurrent attempts try no more passwords than consecutive ones.
//!
//! Strangers can't use the limits against others: a browser in which the account signed in before has a counter of its
//! own, attempts that wait take the places of their own network only, and an address that many clients share (loopback,
//! a proxy that is not trusted) is not counted.

mod counter;
mod listed;
mod rates;
mod waiting;

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counter::{Counter, Judgement};
pub use listed::{LIMITED, Limited, UNLOCKED, Unlock};
pub use rates::SignInRates;
use server::{AddressBlock, KnownBrowser, Origin, ports::Clock};
use tokio::sync::Notify;
use waiting::{Place, Waiting};

/// Most counters of accounts, and of networks. Each failure costs this machine one Argon2id hash, so counters that still
/// matter hardly ever reach it; if they do, the one that failed longest ago is dropped.
const COUNTERS_MAX: usize = 32 * 1024;

/// Where an attempt to sign in comes from.
#[derive(Clone, Copy, Debug)]
pub struct SignInOrigin {
    /// The network.
    pub origin: Origin,
    /// The browser, if the account signed in there before.
    pub browser: Option<KnownBrowser>,
}

impl From<Origin> for SignInOrigin {
    /// From a browser that is not known.
    fn from(origin: Origin) -> Self {
        Self { origin, browser: None }
    }
}

/// Counts failed sign-ins by account and by network.
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

    /// Waits until an attempt at `account` (its canonical username, whether it exists or not) may be decided.
    ///
    /// # Errors
    /// [`AttemptError`] where the network has failed too often, or too many attempts are waiting.
    pub async fn attempt(
        self: &Arc<Self>,
        account: &str,
        from: &SignInOrigin,
        clock: &dyn Clock,
    ) -> Result<Attempt, AttemptError> {
        let mut place = None;
        loop {
            let mut decided = pin!(self.decided.notified());
            decided.as_mut().enable();
            let (attempt, wait) = self.admit(account, from, clock.millis())?;
            if (!wait.is_zero() || attempt.is_none()) && place.is_none() {
                place = Some(Waiting::begin(self, account, from)?);
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
        from: &SignInOrigin,
        now: i64,
    ) -> Result<(Option<Attempt>, Duration), AttemptError> {
        let account = Tried { account: account.into(), browser: from.browser };
        // The network of a known browser may be full of strangers.
        let is_known = from.browser.is_some();
        let networks: Vec<AddressBlock> = from.origin.counted().filter(|_| !is_known).collect();
        let mut state = self.lock();
        let by_account = state.accounts.judge(&account, |counter| counter.judge_account(&self.rates, now));
        let by_network = networks
            .iter()
            .map(|network| state.networks.judge(network, |counter| counter.judge_address(&self.rates, now)));
        let mut wait = Duration::ZERO;
        let mut is_held = false;
        for judgement in by_network.chain([by_account]) {
            match judgement {
                Judgement::Refused(left) => return Err(AttemptError::later(left)),
                Judgement::Held => is_held = true,
                Judgement::After(pause) => wait = wait.max(pause),
            }
        }
        if is_held {
            return Ok((None, Duration::ZERO));
        }
        let waits = !wait.is_zero();
        state.accounts.change(account.clone(), &self.rates, now, |counter| counter.begin(waits));
        for network in &networks {
            state.networks.change(*network, &self.rates, now, |counter| counter.begin(waits));
        }
        drop(state);
        Ok((Some(Attempt { limits: Arc::clone(self), account, networks, waits }), wait))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counters hold no invariant that a panic elsewhere could break.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an attempt is counted by: an account, apart for each browser that is known for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Tried {
    account: Box<str>,
    browser: Option<KnownBrowser>,
}

/// An attempt that is being decided. One that is dropped undecided does not count: nobody learned anything from it.
#[derive(Debug)]
pub struct Attempt {
    limits: Arc<SignInLimits>,
    account: Tried,
    networks: Vec<AddressBlock>,
    waits: bool,
}

impl Attempt {
    /// The password was wrong, or there is no such account. `now` is in milliseconds since 1970.
    pub fn fail(self, now: i64) {
        let (rates, mut state) = (&self.limits.rates, self.limits.lock());
        state.accounts.change(self.account.clone(), rates, now, |counter| counter.fail(rates, now));
        for network in &self.networks {
            state.networks.change(*network, rates, now, |counter| counter.fail(rates, now));
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut state = self.limits.lock();
        state.accounts.end(&self.account, self.waits);
        for network in &self.networks {
            state.networks.end(network, self.waits);
        }
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

#[derive(Debug, Default)]
struct State {
    accounts: Counters<Tried>,
    networks: Counters<AddressBlock>,
    /// How many attempts wait in each place.
    waiting: HashMap<Place, usize>,
    /// How many of them come from browsers that are not known.
    strangers: usize,
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

    fn address(last: u8) -> SignInOrigin {
        Origin::at(Ipv4Addr::new(192, 0, 2, last).into()).into()
    }

    fn at(address: &str) -> SignInOrigin {
        Origin::at(address.parse().expect("an address")).into()
    }

    fn known(last: u8) -> SignInOrigin {
        SignInOrigin { browser: Some([last; 16]), ..address(1) }
    }

    fn fail(limits: &Arc<SignInLimits>, account: &str, from: SignInOrigin) {
        let (attempt, _) = limits.admit(account, &from, NOW).expect("admitted");
        attempt.expect("admitted").fail(NOW);
    }

    fn wait(limits: &Arc<SignInLimits>, account: &str, from: SignInOrigin) -> u64 {
        limits.admit(account, &from, NOW).expect("admitted").1.as_secs()
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
        assert_eq!(limits.admit("alice", &address(1), NOW).expect_err("refused"), AttemptError::Later(60));
        assert_eq!(
            limits.admit("alice", &address(1), NOW + 59_001).expect_err("refused"),
            AttemptError::Later(1)
        );
        assert!(limits.admit("alice", &address(1), NOW + 60_000).is_ok());
        assert_eq!(wait(&limits, "alice", address(2)), 0);
    }

    #[test]
    fn other_rates_hold_for_both() {
        let rates = SignInRates { account_failures: 1, address_failures: 2, ..SignInRates::default() };
        let limits = Arc::new(SignInLimits::new(rates));
        fail(&limits, "alice", address(1));
        assert_eq!(wait(&limits, "alice", address(2)), 1);
        fail(&limits, "bob", address(1));
        assert_eq!(limits.admit("carol", &address(1), NOW).expect_err("refused"), AttemptError::Later(60));
    }

    #[test]
    fn successes_never_count() {
        let limits: Arc<SignInLimits> = Arc::default();
        for _ in 0..1000 {
            let (attempt, wait) = limits.admit("alice", &address(1), NOW).expect("admitted");
            assert_eq!(wait, Duration::ZERO);
            drop(attempt.expect("admitted"));
        }
        assert!(limits.lock().accounts.0.is_empty() && limits.lock().networks.0.is_empty());
    }

    #[test]
    fn a_site_that_fails_from_many_of_its_ipv6_networks_is_refused_and_its_neighbor_is_not() {
        let limits = Arc::default();
        (0..20).for_each(|i| fail(&limits, &format!("user-{i}"), at(&format!("2001:db8:0:{i:x}::1"))));
        let refused = limits.admit("alice", &at("2001:db8:0:ff::1"), NOW);
        assert_eq!(refused.expect_err("refused"), AttemptError::Later(60));
        assert_eq!(wait(&limits, "alice", at("2001:db8:1:1::1")), 0);
    }

    #[test]
    fn an_address_that_many_share_is_never_refused() {
        let limits = Arc::default();
        for from in [at("127.0.0.1"), at("::1"), Origin::of(&http::Extensions::new()).into()] {
            (0..50).for_each(|i| fail(&limits, &format!("user-{i}-{from:?}"), from));
            assert_eq!(wait(&limits, "alice", from), 0);
        }
    }

    #[test]
    fn a_browser_in_which_the_account_signed_in_before_counts_for_itself() {
        let limits = Arc::default();
        (0..20).for_each(|_| fail(&limits, "alice", address(1)));
        assert!(limits.admit("alice", &address(1), NOW).is_err());
        assert_eq!(wait(&limits, "alice", known(1)), 0, "strangers behind the same address do not delay her");
        (0..6).for_each(|_| fail(&limits, "alice", known(1)));
        assert_eq!(wait(&limits, "alice", known(1)), 2, "a stolen cookie guesses no faster");
        assert_eq!(wait(&limits, "alice", known(2)), 0);
    }

    fn tried(account: &str) -> Tried {
        Tried { account: account.into(), browser: None }
    }

    #[test]
    fn counters_are_bounded_and_the_newest_failures_survive() {
        let limits: Arc<SignInLimits> = Arc::default();
        let (rates, mut state) = (SignInRates::default(), limits.lock());
        for i in 0..COUNTERS_MAX {
            let at = NOW + i64::try_from(i).expect("small");
            state
                .accounts
                .change(tried(&format!("user-{i}")), &rates, at, |counter| counter.fail(&rates, at));
        }
        state.accounts.change(tried("undecided"), &rates, NOW, |counter| counter.begin(false));
        state.accounts.change(tried("one-more"), &rates, NOW, |counter| counter.fail(&rates, NOW));
        assert_eq!(state.accounts.0.len(), COUNTERS_MAX);
        for (key, kept) in [("user-0", false), ("user-1", false), ("user-2", true), ("undecided", true)] {
            assert_eq!(state.accounts.0.contains_key(&tried(key)), kept, "{key}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_100_concurrent_wrong_passwords_5_are_answered_at_once_and_few_of_each_network_wait() {
        let limits: Arc<SignInLimits> = Arc::default();
        let start = tokio::time::Instant::now();
        let tries = (0..100).map(|i| {
            let limits = Arc::clone(&limits);
            tokio::spawn(async move {
                let attempt = limits.attempt("alice", &address(i % 5), &At(NOW)).await.ok()?;
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
        assert_eq!(answered.len(), 5 + 5 * waiting::WAITING_PER_NETWORK_MAX, "the rest was refused");
    }

    #[tokio::test(start_paused = true)]
    async fn of_100_concurrent_right_passwords_none_waits_longer_than_the_others_take() {
        let limits: Arc<SignInLimits> = Arc::default();
        let start = tokio::time::Instant::now();
        let tries = (0..100).map(|i| {
            let limits = Arc::clone(&limits);
            tokio::spawn(async move {
                let attempt = limits.attempt("alice", &address(i), &At(NOW)).await.expect("admitted");
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
    async fn strangers_who_wait_take_the_places_of_their_own_networks_only() {
        let limits: Arc<SignInLimits> = Arc::default();
        (0..5).for_each(|i| fail(&limits, "alice", address(i)));
        let strangers: Vec<_> = (0..60)
            .map(|i| {
                let limits = Arc::clone(&limits);
                tokio::spawn(async move {
                    if let Ok(attempt) = limits.attempt("alice", &address(i % 6), &At(NOW)).await {
                        attempt.fail(NOW);
                    }
                })
            })
            .collect();
        tokio::task::yield_now().await;
        let late = limits.attempt("alice", &address(1), &At(NOW)).await.expect_err("its places are taken");
        assert_eq!(late, AttemptError::Later(30));
        let start = tokio::time::Instant::now();
        drop(limits.attempt("alice", &known(1), &At(NOW)).await.expect("her browser has its own place"));
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(limits.attempt("alice", &address(99), &At(NOW)).await.expect("her network has its own places"));
        assert!(start.elapsed() <= Duration::from_secs(30));
        for stranger in strangers {
            stranger.await.expect("no panic");
        }
        assert!(limits.lock().waiting.is_empty() && limits.lock().strangers == 0, "places are released");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_would_wait_is_refused_where_too_many_wait() {
        let limits: Arc<SignInLimits> = Arc::default();
        (0..5).for_each(|i| fail(&limits, "alice", address(i)));
        limits.lock().strangers = waiting::WAITING_MAX;
        let error = limits.attempt("alice", &address(9), &At(NOW)).await.expect_err("full");
        assert_eq!(error, AttemptError::Busy);
        assert!(
            limits.attempt("bob", &address(9), &At(NOW)).await.is_ok(),
            "an attempt that need not wait is admitted"
        );
        (0..6).for_each(|_| fail(&limits, "alice", known(1)));
        assert!(limits.attempt("alice", &known(1), &At(NOW)).await.is_ok(), "a known browser has a place");
        limits.lock().strangers = 0;
        assert!(limits.attempt("alice", &address(9), &At(NOW)).await.is_ok());
    }
}
