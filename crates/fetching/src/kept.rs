//! A document of another party, fetched when it is first needed and kept: a key set, an issuer's metadata.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::Timestamp;

use crate::attempts::Attempts;
use crate::clock::Clock;
use crate::single_flight::SingleFlight;

/// What the caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A fresh document.
    Fresh,
    /// A newer one than the kept one, in which something is missing.
    Newer,
}

/// What a caller found in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<R> {
    /// A newer document would not change this.
    Settled(R),
    /// Something is missing, and a newer document may have it.
    Missing(R),
}

/// How often a document is fetched, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// From this age on it is fetched again.
    pub fresh: i64,
    /// Beyond this age it is not used, even when it can't be fetched again.
    pub age_max: i64,
    /// Least time between two fetches.
    pub refetch: i64,
    /// Least time after a failed fetch, while there is no document.
    pub retry: i64,
    /// The same after a fetch that was abandoned, since all its callers were dropped.
    pub retry_abandoned: i64,
    /// From which fetch on `refetch` counts for a caller that misses something.
    pub newer_after: NewerAfter,
}

/// From which fetch on [`Schedule::refetch`] counts for a caller that misses something in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewerAfter {
    /// From the last one.
    AnyFetch,
    /// From the last one that was made for such a caller: the first to miss something need not wait.
    SuchFetch,
}

/// The error of a caller whose fetch is not due now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// A document: the last good one is kept, concurrent callers share one fetch, and the number of fetches does not
/// depend on the number of callers.
pub struct KeptDocument<T, E: Clone> {
    schedule: Schedule,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State<T, E>>>,
    fetches: SingleFlight<(), Result<Arc<T>, E>>,
}

struct State<T, E> {
    good: Option<Good<T>>,
    last: Option<LastFetch<E>>,
    /// When the last fetch for a caller that missed something began.
    demanded: Option<Timestamp>,
    /// Consecutive failed fetches.
    failures: u32,
}

struct Good<T> {
    document: Arc<T>,
    fetched: Timestamp,
}

struct LastFetch<E> {
    began: Timestamp,
    end: End<E>,
}

enum End<E> {
    /// It is running, or all its callers were dropped.
    Unknown,
    Fetched,
    Failed(E),
}

/// A document, and whether it was fetched for this caller.
pub struct CurrentDocument<T> {
    /// The document.
    pub document: Arc<T>,
    /// Whether it was fetched for this caller.
    pub is_new: bool,
}

impl<T: Send + Sync + 'static, E: Clone + From<Busy> + Send + Sync + 'static> KeptDocument<T, E> {
    /// Nothing is fetched yet.
    pub fn new(schedule: Schedule, clock: Arc<dyn Clock>) -> Self {
        let state = State { good: None, last: None, demanded: None, failures: 0 };
        Self { schedule, clock, state: Arc::new(Mutex::new(state)), fetches: SingleFlight::new(1) }
    }

    /// The kept document, or a fetched one.
    ///
    /// One that is too old is fetched again, and one in which something is missing, each as rarely as the
    /// [`Schedule`] says. Between two fetches, and when one fails, the last good document serves.
    ///
    /// # Errors
    ///
    /// What `fetch` returned, for all concurrent callers and until the next fetch is due.
    pub async fn get<F>(&self, need: Need, fetch: impl FnOnce() -> F) -> Result<CurrentDocument<T>, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let now = self.clock.now();
        if let Some(settled) = self.without_fetch(need, now) {
            return settled.map(|document| CurrentDocument { document, is_new: false });
        }
        let fetched = self.fetches.join((), || self.fetch(need, now, fetch())).await;
        fetched.unwrap_or(Err(Busy.into())).map(|document| CurrentDocument { document, is_new: true })
    }

    /// What `look` finds in the document; if something is missing there, what it finds in a newer one.
    ///
    /// # Errors
    ///
    /// As [`KeptDocument::get`].
    pub async fn find<R, F>(&self, look: impl Fn(&Arc<T>) -> Lookup<R>, fetch: impl Fn() -> F) -> Result<R, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let kept = self.get(Need::Fresh, &fetch).await?;
        match look(&kept.document) {
            Lookup::Settled(found) => return Ok(found),
            Lookup::Missing(found) if kept.is_new => return Ok(found),
            Lookup::Missing(_) => {}
        }
        let newer = self.get(Need::Newer, fetch).await?;
        let (Lookup::Settled(found) | Lookup::Missing(found)) = look(&newer.document);
        Ok(found)
    }

    /// The kept document, if it is fresh. Fetches nothing.
    pub fn fresh(&self) -> Option<Arc<T>> {
        let now = self.clock.now();
        let state = self.lock();
        let good = state.good.as_ref().filter(|good| now.since(good.fetched) < self.schedule.fresh)?;
        Some(Arc::clone(&good.document))
    }

    /// Whether the last fetch failed, or was abandoned.
    pub fn is_failing(&self) -> bool {
        self.lock().last.as_ref().is_some_and(|last| !matches!(last.end, End::Fetched))
    }

    /// How the fetches went.
    pub fn attempts(&self, now: Timestamp) -> Attempts<E> {
        let state = self.lock();
        let succeeded = state.good.as_ref().map(|good| good.fetched);
        let is_usable = succeeded.is_some_and(|fetched| now.since(fetched) < self.schedule.age_max);
        let error = state.last.as_ref().filter(|_| state.failures > 0).and_then(LastFetch::error);
        Attempts { succeeded, is_usable, failures: state.failures, error }
    }

    /// What is answered without waiting for a fetch, if anything.
    fn without_fetch(&self, need: Need, now: Timestamp) -> Option<Result<Arc<T>, E>> {
        let is_running = self.fetches.is_running(&());
        let (state, schedule) = (self.lock(), &self.schedule);
        let good = state.good.as_ref().filter(|good| now.since(good.fetched) < schedule.age_max);
        if let Some(good) = good.filter(|_| need == Need::Fresh)
            && (is_running || now.since(good.fetched) < schedule.fresh)
        {
            return Some(Ok(Arc::clone(&good.document)));
        }
        if is_running {
            return None;
        }
        let last = state.last.as_ref()?;
        let (began, pause) = match (good, need, schedule.newer_after) {
            (None, _, _) => match last.end {
                End::Unknown => (last.began, schedule.retry_abandoned),
                End::Fetched | End::Failed(_) => (last.began, schedule.retry),
            },
            (Some(_), Need::Fresh, _) | (Some(_), Need::Newer, NewerAfter::AnyFetch) => {
                (last.began, schedule.refetch)
            }
            (Some(_), Need::Newer, NewerAfter::SuchFetch) => (state.demanded?, schedule.refetch),
        };
        if now.since(began) >= pause {
            return None;
        }
        let document = good.map(|good| Arc::clone(&good.document));
        Some(document.ok_or_else(|| last.error().unwrap_or(Busy.into())))
    }

    fn fetch<F>(
        &self,
        need: Need,
        now: Timestamp,
        fetch: F,
    ) -> impl Future<Output = Result<Arc<T>, E>> + Send + use<T, E, F>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let mut state = self.lock();
        state.last = Some(LastFetch { began: now, end: End::Unknown });
        if need == Need::Newer {
            state.demanded = Some(now);
        }
        drop(state);
        let (state, clock, age_max) =
            (Arc::clone(&self.state), Arc::clone(&self.clock), self.schedule.age_max);
        async move {
            let fetched = fetch.await;
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            match fetched {
                Ok(document) => {
                    state.last = Some(LastFetch { began: now, end: End::Fetched });
                    state.failures = 0;
                    let document = Arc::new(document);
                    state.good = Some(Good { document: Arc::clone(&document), fetched: clock.now() });
                    Ok(document)
                }
                Err(error) => {
                    state.last = Some(LastFetch { began: now, end: End::Failed(error.clone()) });
                    state.failures = state.failures.saturating_add(1);
                    let good = state.good.as_ref().filter(|good| now.since(good.fetched) < age_max);
                    good.map(|good| Arc::clone(&good.document)).ok_or(error)
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Clone + From<Busy>> LastFetch<E> {
    fn error(&self) -> Option<E> {
        match &self.end {
            End::Unknown => Some(Busy.into()),
            End::Fetched => None,
            End::Failed(error) => Some(error.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[derive(Default)]
    struct HandClock(AtomicI64);

    impl Clock for HandClock {
        fn millis(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    impl HandClock {
        fn advance(&self, seconds: i64) {
            self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
        }
    }

    impl From<Busy> for &'static str {
        fn from(Busy: Busy) -> Self {
            "busy"
        }
    }

    const SCHEDULE: Schedule = Schedule {
        fresh: 100,
        age_max: 1_000,
        refetch: 30,
        retry: 10,
        retry_abandoned: 5,
        newer_after: NewerAfter::AnyFetch,
    };

    /// A document that is a number, its clock, and how often it was fetched.
    struct Room {
        kept: KeptDocument<u32, &'static str>,
        clock: Arc<HandClock>,
        fetches: AtomicU32,
    }

    impl Room {
        fn new(schedule: Schedule) -> Self {
            let clock = Arc::new(HandClock::default());
            let kept = KeptDocument::new(schedule, Arc::clone(&clock) as Arc<dyn Clock>);
            Self { kept, clock, fetches: AtomicU32::new(0) }
        }

        /// The answer of a fetch that is over at once.
        fn get(&self, need: Need, answer: Result<u32, &'static str>) -> Result<u32, &'static str> {
            let fetch = || {
                self.fetches.fetch_add(1, Ordering::SeqCst);
                ready(answer)
            };
            match pin!(self.kept.get(need, fetch)).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(found) => found.map(|found| *found.document),
                Poll::Pending => panic!("nothing to wait for"),
            }
        }

        fn fetches(&self) -> u32 {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn the_last_good_document_serves_until_its_greatest_age() {
        let room = Room::new(SCHEDULE);
        assert_eq!(room.get(Need::Fresh, Ok(1)), Ok(1));
        room.clock.advance(99);
        assert_eq!(room.get(Need::Fresh, Ok(2)), Ok(1), "it is fresh");
        room.clock.advance(1);
        assert_eq!(room.get(Need::Fresh, Err("away")), Ok(1), "nothing newer is available");
        assert_eq!(room.get(Need::Fresh, Ok(2)), Ok(1), "the last fetch was a moment ago");
        room.clock.advance(900);
        assert_eq!(room.get(Need::Fresh, Err("away")), Err("away"), "it is too old");
        assert_eq!(room.fetches(), 3);
    }

    #[test]
    fn a_failure_is_repeated_until_the_retry_is_due() {
        let room = Room::new(SCHEDULE);
        assert_eq!(room.get(Need::Fresh, Err("away")), Err("away"));
        room.clock.advance(9);
        assert_eq!(room.get(Need::Fresh, Ok(1)), Err("away"));
        room.clock.advance(1);
        assert_eq!(room.get(Need::Fresh, Ok(1)), Ok(1));
    }

    #[test]
    fn missing_key_is_refetched_only_on_schedule() {
        let patient = Room::new(SCHEDULE);
        assert_eq!(patient.get(Need::Fresh, Ok(1)), Ok(1));
        assert_eq!(patient.get(Need::Newer, Ok(2)), Ok(1), "the first fetch counts");
        patient.clock.advance(30);
        assert_eq!(patient.get(Need::Newer, Ok(2)), Ok(2));

        let eager = Room::new(Schedule { newer_after: NewerAfter::SuchFetch, ..SCHEDULE });
        assert_eq!(eager.get(Need::Fresh, Ok(1)), Ok(1));
        assert_eq!(eager.get(Need::Newer, Ok(2)), Ok(2), "the first fetch does not count");
        assert_eq!(eager.get(Need::Newer, Ok(3)), Ok(2));
        eager.clock.advance(30);
        assert_eq!(eager.get(Need::Newer, Ok(3)), Ok(3));
    }

    #[test]
    fn an_abandoned_fetch_pauses_as_the_schedule_says() {
        let room = Room::new(SCHEDULE);
        {
            let mut context = Context::from_waker(Waker::noop());
            let hanging = pin!(room.kept.get(Need::Fresh, pending::<Result<u32, &'static str>>));
            assert!(hanging.poll(&mut context).is_pending());
        }
        assert_eq!(room.get(Need::Fresh, Ok(1)), Err("busy"));
        assert!(room.kept.is_failing());
        room.clock.advance(5);
        assert_eq!(room.get(Need::Fresh, Ok(1)), Ok(1));
        assert!(!room.kept.is_failing());
    }
}
