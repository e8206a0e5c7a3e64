//! A document of the authorization server, fetched when it is first needed and kept: key set, discovery.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::Timestamp;

use crate::clock::Clock;
use crate::face::health::SourceHealth;
use crate::flight::Flights;
use crate::limits::{REFETCH_SECONDS, RETRY_SECONDS};
use crate::reason::Reason;

/// What is good enough for the asker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Any that is fresh.
    Fresh,
    /// A newer one than is at hand: something is missing in it.
    Newer,
}

/// How long a document is used, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ages {
    /// From this age on it is fetched again.
    pub(crate) fresh: i64,
    /// Beyond this age it is not used, though it can't be fetched again.
    pub(crate) most: i64,
}

/// A document: the last good one is kept, one fetch serves all who wait, and fetches are rare however many ask.
pub(crate) struct Remembered<T> {
    ages: Ages,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State<T>>>,
    fetches: Flights<(), Result<Arc<T>, Reason>>,
}

struct State<T> {
    good: Option<Good<T>>,
    /// When the last fetch began, and how it ended. One that nobody saw end counts as failed.
    last: Option<(Timestamp, Option<Reason>)>,
    /// When the last fetch began that somebody asked for who missed something.
    demanded: Option<Timestamp>,
    /// How many fetches in a row failed.
    failures: u32,
}

struct Good<T> {
    document: Arc<T>,
    fetched: Timestamp,
}

/// A document, and whether it was fetched for this asker.
pub(crate) struct Found<T> {
    pub(crate) document: Arc<T>,
    pub(crate) is_new: bool,
}

impl<T: Send + Sync + 'static> Remembered<T> {
    pub(crate) fn new(ages: Ages, clock: Arc<dyn Clock>) -> Self {
        let state = State { good: None, last: None, demanded: None, failures: 0 };
        Self { ages, clock, state: Arc::new(Mutex::new(state)), fetches: Flights::new(1) }
    }

    /// The document at hand, or a fetched one.
    ///
    /// One that is too old is fetched, and one in which something is missing, each at most once per
    /// [`REFETCH_SECONDS`]; while none was ever had, once per [`RETRY_SECONDS`]. In between, and when the fetch
    /// fails, the last good one serves.
    pub(crate) async fn get<F>(&self, need: Need, fetch: impl FnOnce() -> F) -> Result<Found<T>, Reason>
    where
        F: Future<Output = Result<T, Reason>> + Send + 'static,
    {
        let now = self.clock.now();
        if let Some(settled) = self.at_hand(need, now) {
            return settled.map(|document| Found { document, is_new: false });
        }
        let fetched = self.fetches.join((), || self.fetch(need, now, fetch())).await;
        fetched.unwrap_or(Err(Reason::IntrospectionsTooMany)).map(|document| Found { document, is_new: true })
    }

    /// The document at hand, if it is fresh: nothing is fetched for this asker.
    pub(crate) fn fresh(&self) -> Option<Arc<T>> {
        let now = self.clock.now();
        let state = self.lock();
        let good = state.good.as_ref().filter(|good| now.since(good.fetched) < self.ages.fresh)?;
        Some(Arc::clone(&good.document))
    }

    /// Why the last fetch failed, if it did.
    pub(crate) fn trouble(&self) -> Option<Reason> {
        self.lock().last.and_then(|(_, failure)| failure)
    }

    /// How the fetches went.
    pub(crate) fn health(&self, now: Timestamp) -> SourceHealth {
        let state = self.lock();
        let good = state.good.as_ref().map(|good| good.fetched);
        let usable = good.is_some_and(|fetched| now.since(fetched) < self.ages.most);
        let trouble = state.last.and_then(|(_, failure)| failure).filter(|_| state.failures > 0);
        SourceHealth::new(good, usable, (state.failures, trouble), now)
    }

    fn at_hand(&self, need: Need, now: Timestamp) -> Option<Result<Arc<T>, Reason>> {
        let under_way = self.fetches.is_under_way(&());
        let state = self.lock();
        let good = state.good.as_ref().filter(|good| now.since(good.fetched) < self.ages.most);
        if let Some(good) = good.filter(|_| need == Need::Fresh)
            && (under_way || now.since(good.fetched) < self.ages.fresh)
        {
            return Some(Ok(Arc::clone(&good.document)));
        }
        if under_way {
            return None;
        }
        let (began, failure) = state.last?;
        let (began, pause) = match (good, need) {
            (None, _) => (began, RETRY_SECONDS),
            (Some(_), Need::Fresh) => (began, REFETCH_SECONDS),
            (Some(_), Need::Newer) => (state.demanded?, REFETCH_SECONDS),
        };
        if now.since(began) >= pause {
            return None;
        }
        let document = good.map(|good| Arc::clone(&good.document));
        Some(document.ok_or(failure.unwrap_or(Reason::IntrospectionsTooMany)))
    }

    fn fetch<F>(
        &self,
        need: Need,
        now: Timestamp,
        fetch: F,
    ) -> impl Future<Output = Result<Arc<T>, Reason>> + Send + use<T, F>
    where
        F: Future<Output = Result<T, Reason>> + Send + 'static,
    {
        let mut state = self.lock();
        state.last = Some((now, Some(Reason::IntrospectionsTooMany)));
        if need == Need::Newer {
            state.demanded = Some(now);
        }
        drop(state);
        let (state, clock, most) = (Arc::clone(&self.state), Arc::clone(&self.clock), self.ages.most);
        async move {
            let found = fetch.await;
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.last = Some((now, found.as_ref().err().copied()));
            match found {
                Ok(document) => {
                    state.failures = 0;
                    let document = Arc::new(document);
                    state.good = Some(Good { document: Arc::clone(&document), fetched: clock.now() });
                    Ok(document)
                }
                Err(reason) => {
                    state.failures = state.failures.saturating_add(1);
                    let good = state.good.as_ref().filter(|good| now.since(good.fetched) < most);
                    good.map(|good| Arc::clone(&good.document)).ok_or(reason)
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
