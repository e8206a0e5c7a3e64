//! How many paused requests are kept: per browser, per site and in all. Anybody can open one, so the oldest make room.
//!
//! Where all places are taken, the site with the most bytes loses its oldest: whoever opens many loses their own first.
//! The bounds are kept in memory by each process. Requests that an earlier process stored expire on their own.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use protocol::{Handle, InteractionToken, Timestamp, limits};

use crate::origin::{AddressBlock, Origin};

/// The browser's secret, as a digest.
type Browser = [u8; 32];

/// What is kept now.
#[derive(Debug, Default)]
pub(crate) struct Bounds(Mutex<State>);

/// A paused request that is about to be stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    pub(super) handle: Handle<InteractionToken>,
    pub(super) browser: Browser,
    pub(super) origin: Origin,
    pub(super) bytes: usize,
    pub(super) expires_at: Timestamp,
}

impl Bounds {
    /// Makes room for a paused request: returns those to delete.
    pub(super) fn admit(&self, opened: Opened, now: Timestamp) -> Vec<Handle<InteractionToken>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget_expired(now);
        state.add(opened);
        state.over(&opened)
    }
}

#[derive(Debug, Default)]
struct State {
    /// By id, which is ordered by time.
    all: BTreeMap<i64, Opened>,
    browsers: HashMap<Browser, BTreeSet<i64>>,
    sites: HashMap<AddressBlock, Site>,
    /// The sites by how much they keep.
    largest: BTreeSet<(usize, AddressBlock)>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Site {
    ids: BTreeSet<i64>,
    bytes: usize,
}

impl State {
    /// Takes out what has to go, so that every bound holds again.
    fn over(&mut self, opened: &Opened) -> Vec<Handle<InteractionToken>> {
        let mut gone = Vec::new();
        let of_browser = |state: &Self| state.browsers.get(&opened.browser).map_or(0, BTreeSet::len);
        while of_browser(self) > limits::INTERACTIONS_PER_BROWSER_MAX {
            let oldest = self.browsers.get(&opened.browser).and_then(|ids| ids.first().copied());
            gone.extend(oldest.and_then(|id| self.remove(id)));
        }
        let site = opened.origin.site();
        // Behind an address that many share, only the total counts.
        let bounded = !opened.origin.is_crowd();
        while bounded
            && self.sites.get(&site).is_some_and(|kept| kept.ids.len() > limits::INTERACTIONS_PER_SITE_MAX)
        {
            gone.extend(self.oldest_of(site).and_then(|id| self.remove(id)));
        }
        while self.all.len() > limits::INTERACTIONS_MAX || self.bytes > limits::INTERACTIONS_BYTES_MAX {
            let Some((_, largest)) = self.largest.last().copied() else { break };
            gone.extend(self.oldest_of(largest).and_then(|id| self.remove(id)));
        }
        gone
    }

    fn oldest_of(&self, site: AddressBlock) -> Option<i64> {
        self.sites.get(&site)?.ids.first().copied()
    }

    fn forget_expired(&mut self, now: Timestamp) {
        while let Some((id, _)) = self.all.first_key_value().filter(|(_, first)| first.expires_at <= now) {
            let id = *id;
            self.remove(id);
        }
    }

    fn add(&mut self, opened: Opened) {
        let (id, network) = (opened.handle.id, opened.origin.site());
        self.remove(id);
        self.all.insert(id, opened);
        self.browsers.entry(opened.browser).or_default().insert(id);
        self.bytes += opened.bytes;
        let site = self.sites.entry(network).or_default();
        self.largest.remove(&(site.bytes, network));
        site.ids.insert(id);
        site.bytes += opened.bytes;
        self.largest.insert((site.bytes, network));
    }

    fn remove(&mut self, id: i64) -> Option<Handle<InteractionToken>> {
        let opened = self.all.remove(&id)?;
        let network = opened.origin.site();
        self.bytes -= opened.bytes;
        if let Some(ids) = self.browsers.get_mut(&opened.browser) {
            ids.remove(&id);
            if ids.is_empty() {
                self.browsers.remove(&opened.browser);
            }
        }
        if let Some(site) = self.sites.get_mut(&network) {
            self.largest.remove(&(site.bytes, network));
            site.ids.remove(&id);
            site.bytes -= opened.bytes;
            if site.ids.is_empty() {
                self.sites.remove(&network);
            } else {
                self.largest.insert((site.bytes, network));
            }
        }
        Some(opened.handle)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use protocol::InteractionToken;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn opened(id: i64, browser: u8, address: [u8; 4], bytes: usize) -> Opened {
        let handle = InteractionToken::mint(id, [7; 24]).handle();
        let origin = Origin::at(Ipv4Addr::from(address).into());
        Opened { handle, browser: [browser; 32], origin, bytes, expires_at: NOW + 900 }
    }

    fn ids(handles: &[Handle<InteractionToken>]) -> Vec<i64> {
        handles.iter().map(|handle| handle.id).collect()
    }

    #[test]
    fn the_oldest_of_a_browser_makes_room() {
        let bounds = Bounds::default();
        let most = i64::try_from(limits::INTERACTIONS_PER_BROWSER_MAX).expect("small");
        for id in 0..most {
            assert!(bounds.admit(opened(id, 1, [192, 0, 2, 1], 1), NOW).is_empty());
        }
        assert!(bounds.admit(opened(1000, 2, [192, 0, 2, 1], 1), NOW).is_empty());
        assert_eq!(ids(&bounds.admit(opened(1001, 1, [192, 0, 2, 2], 1), NOW)), [0]);
        assert_eq!(ids(&bounds.admit(opened(1002, 1, [192, 0, 2, 1], 1), NOW + 899)), [1]);
        assert!(bounds.admit(opened(1003, 1, [192, 0, 2, 1], 1), NOW + 900).is_empty(), "all have expired");
    }

    #[test]
    fn the_oldest_of_a_site_makes_room_but_not_where_many_share_an_address() {
        let bounds = Bounds::default();
        let most = i64::try_from(limits::INTERACTIONS_PER_SITE_MAX).expect("small");
        let gone = |address: [u8; 4], first: i64| {
            let browser = |id: i64| u8::try_from(id % 250).expect("small");
            let admit = |id: i64| bounds.admit(opened(first + id, browser(id), address, 1), NOW);
            (0..=most).map(admit).find(|gone| !gone.is_empty()).map(|gone| ids(&gone))
        };
        assert_eq!(gone([192, 0, 2, 1], 0), Some(vec![0]));
        assert_eq!(gone([127, 0, 0, 1], 1_000_000), None);
    }

    #[test]
    fn whoever_keeps_most_loses_the_oldest() {
        let bounds = Bounds::default();
        assert!(bounds.admit(opened(0, 1, [192, 0, 2, 9], 600), NOW).is_empty());
        let mut lost = Vec::new();
        for id in 1..30_000 {
            let browser = u8::try_from(id % 250).expect("small");
            lost.extend(ids(&bounds.admit(opened(id, browser, [127, 0, 0, 1], 12_000), NOW)));
        }
        assert!(lost.len() > 1000 && !lost.contains(&0), "the flood makes room, and nobody else");
        let state = bounds.0.lock().expect("no panic");
        assert!(state.bytes <= limits::INTERACTIONS_BYTES_MAX && state.all.len() <= limits::INTERACTIONS_MAX);
        let kept: usize = state.sites.values().map(|site| site.bytes).sum();
        assert_eq!((kept, state.largest.len()), (state.bytes, state.sites.len()));
    }
}
