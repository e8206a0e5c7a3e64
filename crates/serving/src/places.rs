//! Places for connections. Their number is limited; when all are taken, a connection that waits for a request makes room.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{
    deadlines::Deadlines,
    forwarded::TrustedProxies,
    limits::{ADDRESS_SHARE, CONNECTIONS_MAX, MANAGEMENT_CONNECTIONS_MAX},
};

/// The places of one or several listeners. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    /// Connections of one of these stand for many clients.
    proxies: TrustedProxies,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    /// In the order in which they were accepted.
    connections: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Held {
    address: IpAddr,
    deadlines: Arc<Deadlines>,
    end: Arc<Notify>,
}

impl Places {
    /// Those of public listeners. An address that takes more than its share makes room first, unless it is a proxy's.
    pub fn public(proxies: TrustedProxies) -> Self {
        Self::new(CONNECTIONS_MAX, proxies)
    }

    /// Those of a listener for operators and their tools, which public connections can't take.
    pub fn management() -> Self {
        Self::new(MANAGEMENT_CONNECTIONS_MAX, TrustedProxies::default())
    }

    fn new(most: usize, proxies: TrustedProxies) -> Self {
        let (taken, freed) = (Mutex::default(), Notify::new());
        Self(Arc::new(Shared { most, proxies, taken, freed }))
    }

    /// A place for a connection from this address. Waits while all are taken by connections that answer a request;
    /// `None` where most of those are of the same address.
    pub(crate) async fn take(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        loop {
            let freed = self.0.freed.notified();
            let admission = self.0.lock().admit(&self.0, address);
            match admission {
                Admission::Taken => return Some(self.place(address)),
                Admission::Refused => return None,
                Admission::Full => {}
            }
            freed.await;
        }
    }

    /// Ends the connection that waits longest for a request: the system has no file descriptor left.
    pub(crate) fn make_room(&self) {
        let mut taken = self.0.lock();
        let shares = taken.shares();
        let heaviest = self.0.heaviest(&shares);
        taken.end_idle(heaviest);
    }

    fn place(&self, address: IpAddr) -> Place {
        let (deadlines, end) = (Arc::new(Deadlines::new()), Arc::new(Notify::new()));
        let mut taken = self.0.lock();
        let id = taken.next;
        taken.next += 1;
        let held = Held { address, deadlines: Arc::clone(&deadlines), end: Arc::clone(&end) };
        taken.connections.insert(id, held);
        Place { shared: Arc::clone(&self.0), id, deadlines, end }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection is never more than a share.
    fn share(&self) -> usize {
        (self.most / ADDRESS_SHARE).max(1)
    }

    /// The address with the most connections, if that is more than its share.
    fn heaviest(&self, shares: &HashMap<IpAddr, usize>) -> Option<IpAddr> {
        let of_clients = shares.iter().filter(|(address, _)| !self.proxies.contains(**address));
        let (address, count) = of_clients.max_by_key(|(_, count)| **count)?;
        (*count > self.share()).then_some(*address)
    }
}

/// What becomes of a connection that was accepted.
enum Admission {
    Taken,
    Full,
    Refused,
}

impl Taken {
    fn admit(&mut self, shared: &Shared, address: IpAddr) -> Admission {
        if self.connections.len() < shared.most {
            return Admission::Taken;
        }
        let shares = self.shares();
        let heaviest = shared.heaviest(&shares);
        if self.end_idle(heaviest) || self.end_idle(None) {
            return Admission::Taken;
        }
        // All of them answer a request.
        match heaviest {
            Some(heavy) if heavy != address => {
                self.end_oldest_of(heavy);
                Admission::Taken
            }
            Some(_) if !address.is_loopback() => Admission::Refused,
            Some(_) | None => Admission::Full,
        }
    }

    fn shares(&self) -> HashMap<IpAddr, usize> {
        let mut shares = HashMap::new();
        for held in self.connections.values() {
            *shares.entry(held.address).or_default() += 1;
        }
        shares
    }

    /// Ends the connection that has waited longest for a request, of this address or of any. Between looking and ending
    /// one, its request may have begun; then the next one is tried.
    fn end_idle(&mut self, of: Option<IpAddr>) -> bool {
        let candidates = self.connections.iter().filter(|(_, held)| of.is_none_or(|of| held.address == of));
        let mut idle: Vec<_> =
            candidates.filter_map(|(id, held)| Some((held.deadlines.idle_since()?, *id))).collect();
        idle.sort_unstable();
        let ended = idle
            .into_iter()
            .find(|(_, id)| self.connections.get(id).is_some_and(|held| held.deadlines.end_if_idle()));
        let Some(held) = ended.and_then(|(_, id)| self.connections.remove(&id)) else { return false };
        tracing::debug!(peer = %held.address, "an idle connection made room");
        held.end.notify_one();
        true
    }

    fn end_oldest_of(&mut self, address: IpAddr) {
        let oldest = self.connections.iter().find(|(_, held)| held.address == address).map(|(id, _)| *id);
        if let Some(held) = oldest.and_then(|id| self.connections.remove(&id)) {
            tracing::debug!(peer = %address, "a connection was ended: this address takes more than its share");
            held.end.notify_one();
        }
    }
}

/// The place of one connection, free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Arc<Shared>,
    id: u64,
    pub(crate) deadlines: Arc<Deadlines>,
    end: Arc<Notify>,
}

impl Place {
    /// Returns when the connection must make room.
    pub(crate) async fn ended(&self) {
        self.end.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.lock().connections.remove(&self.id);
        self.shared.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;
    use crate::Network;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    fn places(most: usize) -> Places {
        Places::new(most, vec![Network::parse("192.0.2.200").expect("a network")].into())
    }

    async fn taken(places: &Places, last: u8) -> Place {
        places.take(address(last)).await.expect("a place")
    }

    async fn is_ended(place: &Place) -> bool {
        tokio::time::timeout(Duration::ZERO, place.ended()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_connection_that_waited_longest_makes_room() {
        let places = places(3);
        let (busy, first, second) =
            (taken(&places, 1).await, taken(&places, 2).await, taken(&places, 3).await);
        let request = busy.deadlines.begin_request().expect("it lives");
        drop(first.deadlines.begin_request().expect("it lives"));
        tokio::time::advance(Duration::from_secs(5)).await;
        drop(second.deadlines.begin_request().expect("it lives"));
        tokio::time::advance(Duration::from_secs(1)).await;
        let _new = taken(&places, 4).await;
        assert!(is_ended(&first).await && !is_ended(&second).await && !is_ended(&busy).await);
        assert!(first.deadlines.begin_request().is_none(), "a request that comes too late is not begun");
        drop(request);
        let _newer = taken(&places, 5).await;
        assert!(is_ended(&second).await, "the other one became idle later");
    }

    #[tokio::test]
    async fn an_address_that_takes_more_than_its_share_makes_room_first() {
        let places = places(8);
        let patient = taken(&places, 1).await;
        let mut greedy = Vec::new();
        for _ in 0..7 {
            greedy.push(taken(&places, 2).await);
        }
        let _new = taken(&places, 3).await;
        assert!(!is_ended(&patient).await && is_ended(&greedy[0]).await);
    }

    #[tokio::test]
    async fn requests_of_one_address_hold_no_places_that_others_want() {
        let places = places(8);
        let mut greedy = Vec::new();
        for _ in 0..8 {
            let place = taken(&places, 2).await;
            let request = place.deadlines.begin_request().expect("it lives");
            greedy.push((place, request));
        }
        assert!(places.take(address(2)).await.is_none(), "it has more than its share");
        let _new = taken(&places, 3).await;
        assert!(is_ended(&greedy[0].0).await && !is_ended(&greedy[1].0).await);
    }

    #[tokio::test]
    async fn connections_of_a_trusted_proxy_are_never_ended_while_they_answer() {
        let places = places(2);
        let one = taken(&places, 200).await;
        let other = taken(&places, 200).await;
        let requests = [&one, &other].map(|place| place.deadlines.begin_request());
        let waiting = {
            let places = places.clone();
            tokio::spawn(async move { places.take(address(3)).await.is_some() })
        };
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !is_ended(&one).await);
        drop((one, requests));
        assert!(waiting.await.expect("no panic"));
    }
}
