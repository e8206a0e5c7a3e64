//! A document of another party, fetched when it is first needed and kept: a key set, an issuer's metadata.

use std::collections::HashSet;
use std::future::Future;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use protocol::Timestamp;

use crate::attempts::Attempts;
use crate::clock::Clock;
use crate::limits::WANTED_MAX;

/// How often [`KeptDocument::find`] looks again before it gives up: in a kept document, in one that was being fetched, in
/// one that is fetched for it; and once more, since another caller may be first each time.
const ROUNDS_MAX: u32 = 4;
/// From this age on a fetch that nobody waits for is given up, in seconds. A younger one is continued by the next caller.
const ABANDONED_SECONDS: i64 = 2;

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
    /// Least time between two fetches because of its age.
    pub refetch: i64,
    /// Least time after a failed fetch, while there is no document.
    pub retry: i64,
    /// How often it is fetched for something that is missing in it.
    pub lookups: LookupBudget,
}

/// How often a document is fetched for something that is missing in it, by whoever asks: a stranger can spend all of it,
/// but not for longer than [`LookupBudget::every`].
#[derive(Clone, Copy, Debug)]
pub struct LookupBudget {
    /// How many fetches may follow each other at once.
    pub burst: u32,
    /// Time until one more is allowed, in seconds; and how long what was not found counts as missing.
    pub every: i64,
}

/// The error of a caller that misses something which can't be looked for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// A document: the last good one is kept, concurrent callers share one fetch, and the number of fetches does not
/// depend on the number of callers.
pub struct KeptDocument<T, E: Clone> {
    schedule: Schedule,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State<T, E>>>,
    /// Hashes the names of what is missing, under a key that no stranger knows.
    names: RandomState,
}

struct State<T, E: Clone> {
    good: Option<Good<T>>,
    last: Option<LastFetch<E>>,
    running: Option<Running<E>>,
    /// Consecutive failed fetches.
    failures: u32,
    /// What was missed since the last fetch began, as hashes of names.
    wanted: HashSet<u64>,
    /// Until when the lookups so far are paid for.
    spent: Timestamp,
}

struct Good<T> {
    document: Arc<T>,
    /// When its fetch began, and ended.
    began: Timestamp,
    fetched: Timestamp,
    /// What was missed before its fetch began: if it is not in this document, it was looked up and is not there.
    looked_up: HashSet<u64>,
}

struct LastFetch<E> {
    began: Timestamp,
    error: Option<E>,
}

/// A fetch under way. All callers poll the same future; if all of them are dropped it is kept, so that a caller who goes
/// away at once has not spent a fetch from which nobody learned anything.
struct Running<E: Clone> {
    outcome: Outcome<E>,
    began: Timestamp,
}

type Outcome<E> = Shared<BoxFuture<'static, Result<(), E>>>;

/// What a caller does about something that is missing.
enum Step<T, E: Clone> {
    /// It was looked up a moment ago: it is not there.
    LookedUp,
    /// There is a newer document.
    Look(Arc<T>),
    /// A fetch is under way; whether it began for this caller.
    Wait(Outcome<E>, bool),
    /// It can't be looked up now.
    Refused(E),
}

impl<T: Send + Sync + 'static, E: Clone + From<Busy> + Send + Sync + 'static> KeptDocument<T, E> {
    /// Nothing is fetched yet.
    pub fn new(schedule: Schedule, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            good: None,
            last: None,
            running: None,
            failures: 0,
            wanted: HashSet::new(),
            spent: Timestamp(i64::MIN),
        };
        Self { schedule, clock, state: Arc::new(Mutex::new(state)), names: RandomState::new() }
    }

    /// The kept document, or a fetched one.
    ///
    /// One that is too old is fetched again, as rarely as the [`Schedule`] says. Between two fetches, and when one fails,
    /// the last good document serves.
    ///
    /// # Errors
    ///
    /// What `fetch` returned, for all concurrent callers and until the next fetch is due.
    pub async fn get<F>(&self, fetch: impl FnOnce() -> F) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.current(None, fetch).await
    }

    /// What `look` finds in the document; if something is missing there, what it finds in a newer one.
    ///
    /// `wanted` names what may be missing. What was looked up a moment ago is not looked up again, and the
    /// [`LookupBudget`] bounds the fetches for all names together.
    ///
    /// # Errors
    ///
    /// As [`KeptDocument::get`]; what `fetch` returned if something is missing, and [`Busy`] if the budget is spent: it is
    /// not known then whether a newer document has it.
    pub async fn find<R, F>(
        &self,
        wanted: &(impl Hash + ?Sized),
        look: impl Fn(&Arc<T>) -> Lookup<R>,
        fetch: impl Fn() -> F,
    ) -> Result<R, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let name = self.names.hash_one(wanted);
        let mut document = self.current(Some(name), &fetch).await?;
        for _ in 0..ROUNDS_MAX {
            let missing = match look(&document) {
                Lookup::Settled(found) => return Ok(found),
                Lookup::Missing(found) => found,
            };
            let (outcome, is_own) = match self.step(name, &document, &fetch) {
                Step::LookedUp => return Ok(missing),
                Step::Refused(error) => return Err(error),
                Step::Look(newer) => {
                    document = newer;
                    continue;
                }
                Step::Wait(outcome, is_own) => (outcome, is_own),
            };
            drop(missing);
            outcome.await?;
            document = self.usable().ok_or(Busy)?;
            if is_own {
                let (Lookup::Settled(found) | Lookup::Missing(found)) = look(&document);
                return Ok(found);
            }
        }
        Err(Busy.into())
    }

    /// The kept document, if it is fresh. Fetches nothing.
    pub fn fresh(&self) -> Option<Arc<T>> {
        let now = self.clock.now();
        let state = self.lock();
        let good = state.good.as_ref().filter(|good| now.since(good.fetched) < self.schedule.fresh)?;
        Some(Arc::clone(&good.document))
    }

    /// How the fetches went.
    pub fn attempts(&self, now: Timestamp) -> Attempts<E> {
        let state = self.lock();
        let succeeded = state.good.as_ref().map(|good| good.fetched);
        let is_usable = succeeded.is_some_and(|fetched| now.since(fetched) < self.schedule.age_max);
        let error = state.last.as_ref().and_then(|last| last.error.clone()).filter(|_| state.failures > 0);
        Attempts { succeeded, is_usable, failures: state.failures, error }
    }

    /// The kept document, or a fetched one, with which `name` is looked up as well.
    async fn current<F>(&self, name: Option<u64>, fetch: impl FnOnce() -> F) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let outcome = {
            let now = self.clock.now();
            let mut state = self.lock();
            if let Some(found) = state.at_hand(now, &self.schedule) {
                return found;
            }
            match state.under_way(now) {
                Some(outcome) => outcome,
                None => {
                    name.into_iter().for_each(|name| state.want(name));
                    self.start(&mut state, now, fetch())
                }
            }
        };
        let outcome = outcome.await;
        self.usable().ok_or_else(|| outcome.err().unwrap_or_else(|| Busy.into()))
    }

    /// What to do about `name`, which is not in the document.
    fn step<F>(&self, name: u64, document: &Arc<T>, fetch: impl FnOnce() -> F) -> Step<T, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (now, budget) = (self.clock.now(), self.schedule.lookups);
        let mut state = self.lock();
        if let Some(good) = &state.good {
            if !Arc::ptr_eq(&good.document, document) {
                return Step::Look(Arc::clone(&good.document));
            }
            if good.looked_up.contains(&name) && now.since(good.began) < budget.every {
                state.want(name);
                return Step::LookedUp;
            }
        }
        state.want(name);
        if let Some(outcome) = state.under_way(now) {
            return Step::Wait(outcome, false);
        }
        if !state.spend(now, budget) {
            let error = state.last.as_ref().and_then(|last| last.error.clone());
            return Step::Refused(error.unwrap_or_else(|| Busy.into()));
        }
        Step::Wait(self.start(&mut state, now, fetch()), true)
    }

    fn start<F>(&self, state: &mut State<T, E>, now: Timestamp, fetch: F) -> Outcome<E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let looked_up = std::mem::take(&mut state.wanted);
        // Weak, since the state holds this future.
        let (shared, clock) = (Arc::downgrade(&self.state), Arc::clone(&self.clock));
        let outcome = async move {
            let fetched = fetch.await;
            let Some(shared) = shared.upgrade() else { return fetched.map(drop) };
            let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
            state.running = None;
            state.last = Some(LastFetch { began: now, error: fetched.as_ref().err().cloned() });
            match fetched {
                Ok(document) => {
                    let document = Arc::new(document);
                    state.good = Some(Good { document, began: now, fetched: clock.now(), looked_up });
                    state.failures = 0;
                    Ok(())
                }
                Err(error) => {
                    state.failures = state.failures.saturating_add(1);
                    Err(error)
                }
            }
        };
        let outcome = outcome.boxed().shared();
        state.running = Some(Running { outcome: outcome.clone(), began: now });
        outcome
    }

    fn usable(&self) -> Option<Arc<T>> {
        self.lock().usable(self.clock.now(), &self.schedule).map(|good| Arc::clone(&good.document))
    }

    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E: Clone + From<Busy>> State<T, E> {
    fn usable(&self, now: Timestamp, schedule: &Schedule) -> Option<&Good<T>> {
        self.good.as_ref().filter(|good| now.since(good.fetched) < schedule.age_max)
    }

    /// What is answered without waiting for a fetch, if anything.
    fn at_hand(&self, now: Timestamp, schedule: &Schedule) -> Option<Result<Arc<T>, E>> {
        let good = self.usable(now, schedule);
        let is_driven = self.running.as_ref().is_some_and(Running::is_driven);
        if let Some(good) = good
            && (is_driven || now.since(good.fetched) < schedule.fresh)
        {
            return Some(Ok(Arc::clone(&good.document)));
        }
        if self.running.is_some() {
            return None;
        }
        let last = self.last.as_ref()?;
        let pause = if good.is_some() { schedule.refetch } else { schedule.retry };
        if now.since(last.began) >= pause {
            return None;
        }
        let error = || last.error.clone().unwrap_or_else(|| Busy.into());
        Some(good.map(|good| Arc::clone(&good.document)).ok_or_else(error))
    }

    /// The fetch that is running, if it is one to wait for.
    fn under_way(&mut self, now: Timestamp) -> Option<Outcome<E>> {
        let is_stale =
            |running: &mut Running<E>| !running.is_driven() && now.since(running.began) >= ABANDONED_SECONDS;
        drop(self.running.take_if(is_stale));
        self.running.as_ref().map(|running| running.outcome.clone())
    }

    fn want(&mut self, name: u64) {
        if self.wanted.len() < WANTED_MAX {
            self.wanted.insert(name);
        }
    }

    /// Takes one lookup from the budget, if there is one.
    fn spend(&mut self, now: Timestamp, budget: LookupBudget) -> bool {
        let spent = self.spent.max(now);
        if spent.since(now) > i64::from(budget.burst.saturating_sub(1)) * budget.every {
            return false;
        }
        self.spent = spent + budget.every;
        true
    }
}

impl<E: Clone> Running<E> {
    /// Whether a caller waits for it.
    fn is_driven(&self) -> bool {
        self.outcome.strong_count().is_some_and(|count| count > 1)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};
    use std::pin::{Pin, pin};
    use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
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
        lookups: LookupBudget { burst: 3, every: 2 },
    };

    /// A document that is a list of names, its clock, and how often it was fetched.
    struct Room {
        kept: KeptDocument<Vec<&'static str>, &'static str>,
        clock: Arc<HandClock>,
        fetches: AtomicU32,
        served: Mutex<Result<Vec<&'static str>, &'static str>>,
    }

    type Found = Result<bool, &'static str>;

    impl Room {
        fn new(served: &[&'static str]) -> Self {
            let clock = Arc::new(HandClock::default());
            let kept = KeptDocument::new(SCHEDULE, Arc::clone(&clock) as Arc<dyn Clock>);
            Self { kept, clock, fetches: AtomicU32::new(0), served: Mutex::new(Ok(served.to_vec())) }
        }

        fn serve(&self, served: Result<&[&'static str], &'static str>) {
            *self.served.lock().expect("served") = served.map(<[_]>::to_vec);
        }

        /// A fetch that is over at once.
        fn fetch(&self) -> std::future::Ready<Result<Vec<&'static str>, &'static str>> {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            ready(self.served.lock().expect("served").clone())
        }

        fn get(&self) -> Result<Vec<&'static str>, &'static str> {
            now(self.kept.get(|| self.fetch())).map(|document| document.to_vec())
        }

        fn find(&self, name: &str) -> Found {
            now(self.kept.find(name, look(name), || self.fetch()))
        }

        fn fetches(&self) -> u32 {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    fn look(name: &str) -> impl Fn(&Arc<Vec<&'static str>>) -> Lookup<bool> {
        move |names| if names.contains(&name) { Lookup::Settled(true) } else { Lookup::Missing(false) }
    }

    /// The output of a future that waits for nothing.
    fn now<F: Future>(future: F) -> F::Output {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => found,
            Poll::Pending => panic!("nothing to wait for"),
        }
    }

    fn is_pending<F: Future + ?Sized>(future: Pin<&mut F>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[test]
    fn the_last_good_document_serves_until_its_greatest_age() {
        let room = Room::new(&["1"]);
        assert_eq!(room.get(), Ok(vec!["1"]));
        room.clock.advance(99);
        room.serve(Ok(&["2"]));
        assert_eq!(room.get(), Ok(vec!["1"]), "it is fresh");
        room.clock.advance(1);
        room.serve(Err("away"));
        assert_eq!(room.get(), Ok(vec!["1"]), "nothing newer is available");
        room.serve(Ok(&["2"]));
        assert_eq!(room.get(), Ok(vec!["1"]), "the last fetch was a moment ago");
        room.clock.advance(900);
        room.serve(Err("away"));
        assert_eq!(room.get(), Err("away"), "it is too old");
        assert_eq!(room.fetches(), 3);
    }

    #[test]
    fn a_failure_is_repeated_until_the_retry_is_due() {
        let room = Room::new(&["1"]);
        room.serve(Err("away"));
        assert_eq!(room.get(), Err("away"));
        room.clock.advance(9);
        room.serve(Ok(&["1"]));
        assert_eq!(room.get(), Err("away"));
        room.clock.advance(1);
        assert_eq!(room.get(), Ok(vec!["1"]));
    }

    #[test]
    fn what_is_missing_is_looked_up_at_once_and_once() {
        let room = Room::new(&["a"]);
        assert_eq!(room.find("a"), Ok(true));
        room.serve(Ok(&["a", "b"]));
        assert_eq!((room.find("b"), room.fetches()), (Ok(true), 2));
        for _ in 0..20 {
            assert_eq!((room.find("x"), room.fetches()), (Ok(false), 3), "it was looked up a moment ago");
        }
        room.clock.advance(2);
        assert_eq!((room.find("x"), room.fetches()), (Ok(false), 4));
    }

    #[test]
    fn the_first_fetch_looks_up_what_it_was_made_for() {
        let room = Room::new(&["a"]);
        assert_eq!((room.find("x"), room.fetches()), (Ok(false), 1));
    }

    #[test]
    fn made_up_names_spend_a_bounded_number_of_fetches_and_no_more_than_two_seconds_of_a_new_one() {
        let room = Room::new(&["a"]);
        assert_eq!(room.find("a"), Ok(true));
        for second in 0..60 {
            for number in 0..50 {
                let found = room.find(&format!("made-up {second} {number}"));
                assert!(matches!(found, Ok(false) | Err("busy")), "{found:?}");
            }
            assert_eq!(room.find("a"), Ok(true), "what is there needs no lookup");
            room.clock.advance(1);
        }
        assert_eq!(room.fetches(), 1 + 3 + 29, "a burst, then one in two seconds");
        room.serve(Ok(&["a", "b"]));
        let first = room.find("b");
        room.clock.advance(2);
        assert!(matches!(first, Err("busy") | Ok(true)), "not known is not missing: {first:?}");
        assert_eq!(room.find("b"), Ok(true));
    }

    #[test]
    fn what_could_not_be_looked_up_is_settled_by_the_fetch_of_another() {
        let room = Room::new(&["a"]);
        for name in ["a", "x", "y", "z"] {
            assert!(room.find(name).is_ok());
        }
        assert_eq!(room.find("gone"), Err("busy"));
        room.clock.advance(2);
        assert_eq!(room.find("made-up"), Ok(false));
        assert_eq!((room.find("gone"), room.fetches()), (Ok(false), 5));
    }

    #[test]
    fn a_lookup_that_fails_is_an_error_and_the_kept_document_stays() {
        let room = Room::new(&["a"]);
        assert_eq!(room.find("a"), Ok(true));
        room.serve(Err("away"));
        for _ in 0..5 {
            assert_eq!(room.find("b"), Err("away"));
        }
        assert_eq!((room.find("a"), room.fetches()), (Ok(true), 4));
        room.serve(Ok(&["a", "b"]));
        room.clock.advance(2);
        assert_eq!(room.find("b"), Ok(true));
    }

    /// A fetch that ends once the gate is open.
    fn gated(
        gate: &Arc<AtomicBool>,
        names: &'static [&'static str],
    ) -> impl Future<Output = Result<Vec<&'static str>, &'static str>> + Send + use<> {
        let gate = Arc::clone(gate);
        poll_fn(move |_| match gate.load(Ordering::SeqCst) {
            true => Poll::Ready(Ok(names.to_vec())),
            false => Poll::Pending,
        })
    }

    #[test]
    fn a_fetch_that_began_before_the_question_does_not_settle_it() {
        let (room, gate) = (Room::new(&["a", "b"]), Arc::default());
        assert_eq!(now(room.kept.find("a", look("a"), || ready(Ok(vec!["a"])))), Ok(true));
        let mut first = pin!(room.kept.find("x", look("x"), || gated(&gate, &["a"])));
        let mut second = pin!(room.kept.find("b", look("b"), || room.fetch()));
        assert!(is_pending(first.as_mut()) && is_pending(second.as_mut()));
        assert_eq!(room.fetches(), 0, "it waits for the fetch of the first");
        gate.store(true, Ordering::SeqCst);
        assert_eq!((now(first), now(second), room.fetches()), (Ok(false), Ok(true), 1));
    }

    #[test]
    fn concurrent_questions_share_a_fetch_that_began_after_them() {
        let (room, gate) = (Room::new(&["a"]), Arc::default());
        assert_eq!(room.find("a"), Ok(true));
        let find = |name| Box::pin(room.kept.find(name, look(name), || gated(&gate, &["a", "b"])));
        let mut waiting: Vec<_> = ["b"; 50].map(find).into();
        assert!(waiting.iter_mut().all(|one| is_pending(one.as_mut())));
        gate.store(true, Ordering::SeqCst);
        assert!(waiting.into_iter().all(|one| now(one) == Ok(true)));
        assert_eq!(room.kept.lock().spent, Timestamp(2), "one lookup");
    }

    #[test]
    fn a_fetch_that_nobody_waits_for_is_continued_and_later_given_up() {
        let room = Room::new(&["a"]);
        assert!(is_pending(pin!(room.kept.get(pending::<Result<Vec<&'static str>, &'static str>>))));
        assert!(is_pending(pin!(room.kept.get(|| room.fetch()))), "continued");
        assert_eq!(room.fetches(), 0);
        room.clock.advance(2);
        assert_eq!((room.get(), room.fetches()), (Ok(vec!["a"]), 1));
    }

    #[test]
    fn callers_who_go_away_at_once_spend_one_lookup_from_which_the_next_one_learns() {
        let (room, gate) = (Room::new(&["a"]), Arc::default());
        assert_eq!(room.find("a"), Ok(true));
        for number in 0..20 {
            let name = format!("made-up {number}");
            assert!(is_pending(pin!(room.kept.find(&name, look(&name), || gated(&gate, &["a", "b"])))));
        }
        let mut good = pin!(room.kept.find("b", look("b"), || room.fetch()));
        assert!(is_pending(good.as_mut()));
        gate.store(true, Ordering::SeqCst);
        assert_eq!((now(good), room.fetches()), (Ok(true), 1));
    }
}
