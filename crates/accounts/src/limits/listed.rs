//! What is limited now, for operators, and how they end it. Both go through the store, since commands run in processes of
//! their own.

use protocol::Timestamp;
use serde_json::{Value, json};
use server::store::Item;

use super::{SignInLimits, SignInOrigin, Tried};

/// The item that lists what is limited now: a namespace, and its one key.
pub const LIMITED: (&str, &str) = ("sign_in_limited", "now");

/// The namespace of items that end the limits of an account; the key is its canonical username.
pub const UNLOCKED: &str = "sign_in_unlocked";

/// Seconds for which an unlock is kept: as long as a failure can count.
const UNLOCKED_SECONDS: i64 = 24 * 3600;

/// Most entries of a list.
const LISTED_MAX: usize = 200;

/// An account or a network that is limited now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limited {
    /// `account`, `known_browser` (an account, in a browser in which it signed in before) or `network`.
    pub kind: &'static str,
    /// The canonical username, or the network.
    pub name: String,
    /// How many failures count.
    pub failures: usize,
    /// When the last of them stops to count, in seconds since 1970.
    pub until: Timestamp,
}

impl Limited {
    /// Its form in the store and for operators.
    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.kind, "name": self.name, "failures": self.failures, "until": self.until.0,
        })
    }
}

/// The end of the limits of one account.
#[derive(Clone, Copy, Debug)]
pub struct Unlock;

impl Unlock {
    /// The item that forgives the failures of an account up to `now`. `expect` is the value of the one before.
    pub fn item(account: &str, expect: Option<Vec<u8>>, now: Timestamp) -> Item {
        let value = now.0.saturating_mul(1000).saturating_add(999).to_be_bytes().to_vec();
        let until = now + UNLOCKED_SECONDS;
        Item { space: UNLOCKED.into(), key: account.into(), value: Some(value), expect, until }
    }

    /// Up to when failures are forgiven, in milliseconds since 1970.
    fn upto(value: &[u8]) -> Option<i64> {
        Some(i64::from_be_bytes(value.try_into().ok()?))
    }
}

impl SignInLimits {
    /// What is limited now, the most failures first. `now` is in milliseconds since 1970.
    pub fn limited(&self, now: i64) -> Vec<Limited> {
        let (rates, state) = (&self.rates, self.lock());
        let entry = |kind, name: String, (failures, until): (usize, i64), free: usize| {
            let until = Timestamp(until.div_euclid(1000).saturating_add(1));
            (failures >= free).then_some(Limited { kind, name, failures, until })
        };
        let accounts = state.accounts.0.iter().filter_map(|(Tried { account, browser }, counter)| {
            let kind = if browser.is_some() { "known_browser" } else { "account" };
            entry(kind, account.to_string(), counter.failures(rates, now), rates.account_free())
        });
        let networks = state.networks.0.iter().filter_map(|(network, counter)| {
            entry("network", network.to_string(), counter.failures(rates, now), rates.address_max())
        });
        let mut all: Vec<_> = accounts.chain(networks).collect();
        all.sort_by(|one, other| (other.failures, &one.name).cmp(&(one.failures, &other.name)));
        all.truncate(LISTED_MAX);
        all
    }

    /// Whether an attempt at this account would wait now.
    pub(crate) fn is_limited(&self, account: &str, from: &SignInOrigin, now: i64) -> bool {
        let (rates, state) = (&self.rates, self.lock());
        let counter = state.accounts.0.get(&Tried { account: account.into(), browser: from.browser });
        counter.is_some_and(|counter| counter.failures(rates, now).0 >= rates.account_free())
    }

    /// Forgives the failures of an account, as an [`Unlock`] in the store says.
    pub(crate) fn unlock(&self, account: &str, value: &[u8]) {
        let Some(upto) = Unlock::upto(value) else { return };
        let mut state = self.lock();
        let of_account = state.accounts.0.iter_mut().filter(|(tried, _)| *tried.account == *account);
        of_account.for_each(|(_, counter)| counter.forgive(upto));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use server::Origin;

    use super::*;

    /// In milliseconds since 1970.
    const NOW: i64 = 1_700_000_000_000;

    fn here() -> SignInOrigin {
        Origin::at([192, 0, 2, 1].into()).into()
    }

    fn fail(limits: &Arc<SignInLimits>, account: &str) {
        limits.admit(account, &here(), NOW).expect("admitted").0.expect("admitted").fail(NOW);
    }

    #[test]
    fn what_is_limited_is_listed_and_can_be_ended() {
        let limits = Arc::default();
        (0..4).for_each(|_| fail(&limits, "bob"));
        (0..16).for_each(|_| fail(&limits, "alice"));
        let listed: Vec<_> = limits
            .limited(NOW)
            .into_iter()
            .map(|limited| (limited.kind, limited.name, limited.failures))
            .collect();
        let expected = [("network", "192.0.2.1", 20), ("account", "alice", 14)];
        assert_eq!(listed.len(), 2, "{listed:?}");
        for ((kind, name, least), limited) in expected.into_iter().zip(&listed) {
            assert_eq!((kind, name), (limited.0, &*limited.1));
            assert!(limited.2 <= 20 && (kind == "account" || limited.2 == least));
        }
        assert!(limits.is_limited("alice", &here(), NOW) && !limits.is_limited("bob", &here(), NOW));
        let item = Unlock::item("alice", None, Timestamp(NOW / 1000));
        limits.unlock("alice", &item.value.expect("a value"));
        assert!(!limits.is_limited("alice", &here(), NOW));
        assert_eq!(limits.limited(NOW + 60_000), []);
    }
}
