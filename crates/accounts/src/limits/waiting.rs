//! Places for attempts that wait, divided among accounts and networks: strangers can fill those of their own networks only.

use server::{AddressBlock, KnownBrowser};

use super::{AttemptError, SignInLimits, SignInOrigin};

/// Most concurrent attempts at one account that wait, from one network. More would try many passwords together.
pub(super) const WAITING_PER_NETWORK_MAX: usize = 4;

/// The same, where the network is that of unknown many clients: loopback, or a proxy that names no client.
const WAITING_PER_CROWD_MAX: usize = 64;

/// Most concurrent attempts that wait, over all accounts and networks. Browsers in which the account signed in before are
/// not counted: each waits in a place of its own.
pub(super) const WAITING_MAX: usize = 1024;

/// Whose attempts share places.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    account: Box<str>,
    from: Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Group {
    Browser(KnownBrowser),
    Network(AddressBlock),
}

/// An attempt in its place, which is released when this is dropped.
pub(super) struct Waiting<'a> {
    limits: &'a SignInLimits,
    place: Place,
}

impl<'a> Waiting<'a> {
    pub(super) fn begin(
        limits: &'a SignInLimits,
        account: &str,
        from: &SignInOrigin,
    ) -> Result<Self, AttemptError> {
        let group = from.browser.map_or(Group::Network(from.origin.network()), Group::Browser);
        let most = if from.origin.is_crowd() { WAITING_PER_CROWD_MAX } else { WAITING_PER_NETWORK_MAX };
        let place = Place { account: account.into(), from: group };
        let mut state = limits.lock();
        if from.browser.is_none() && state.strangers >= WAITING_MAX {
            return Err(AttemptError::Busy);
        }
        if state.waiting.get(&place).is_some_and(|waiting| *waiting >= most) {
            return Err(AttemptError::Later(limits.rates.wait_seconds_max().max(1)));
        }
        *state.waiting.entry(place.clone()).or_default() += 1;
        state.strangers += usize::from(from.browser.is_none());
        drop(state);
        Ok(Self { limits, place })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.limits.lock();
        if matches!(self.place.from, Group::Network(_)) {
            state.strangers = state.strangers.saturating_sub(1);
        }
        if let Some(waiting) = state.waiting.get_mut(&self.place) {
            *waiting -= 1;
            if *waiting == 0 {
                state.waiting.remove(&self.place);
            }
        }
    }
}
