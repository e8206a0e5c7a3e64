//! One request for all who ask the same at the same time.
//!
//! Whoever asks first starts the work, and everybody polls the same future: none of them is its owner, so one that
//! goes away takes nothing from the others, and when the last has gone the work ends with it.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

type Running<K, V> = Mutex<HashMap<K, WeakShared<BoxFuture<'static, V>>>>;

/// Work under way, by what is asked.
pub(crate) struct Flights<K, V: Clone> {
    running: Arc<Running<K, V>>,
    most: usize,
}

impl<K: Clone + Eq + Hash + Send + 'static, V: Clone + Send + Sync + 'static> Flights<K, V> {
    /// At most so many under way at once.
    pub(crate) fn new(most: usize) -> Self {
        Self { running: Arc::default(), most }
    }

    /// Whether somebody is waiting for this already.
    pub(crate) fn is_under_way(&self, key: &K) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(key).is_some_and(|flight| flight.upgrade().is_some())
    }

    /// Joins the work under way for this key, or starts it. Nothing if too many are under way.
    pub(crate) async fn join<F>(&self, key: K, start: impl FnOnce() -> F) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let flight = self.board(key, start)?;
        Some(flight.await)
    }

    fn board<F>(&self, key: K, start: impl FnOnce() -> F) -> Option<Shared<BoxFuture<'static, V>>>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = running.get(&key).and_then(WeakShared::upgrade) {
            return Some(flight);
        }
        if running.len() >= self.most {
            running.retain(|_, flight| flight.upgrade().is_some());
        }
        if running.len() >= self.most {
            return None;
        }
        let (work, landed, name) = (start(), Arc::clone(&self.running), key.clone());
        let flight = async move {
            let value = work.await;
            landed.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
            value
        }
        .boxed()
        .shared();
        running.insert(key, flight.downgrade()?);
        Some(flight)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::task::{Context, Poll, Waker};

    use futures_util::future::poll_fn;

    use super::*;

    /// Work that counts its starts and ends once the gate is open.
    struct Work {
        starts: AtomicU32,
        open: AtomicBool,
    }

    impl Work {
        async fn run(self: Arc<Self>) -> u32 {
            let number = self.starts.fetch_add(1, Ordering::SeqCst) + 1;
            poll_fn(|_| match self.open.load(Ordering::SeqCst) {
                true => Poll::Ready(number),
                false => Poll::Pending,
            })
            .await
        }
    }

    fn flights(most: usize) -> (Flights<u8, u32>, Arc<Work>) {
        (Flights::new(most), Arc::new(Work { starts: AtomicU32::new(0), open: AtomicBool::new(false) }))
    }

    #[test]
    fn a_cancelled_leader_takes_nothing_from_the_others() {
        let (flights, work) = flights(8);
        let mut context = Context::from_waker(Waker::noop());
        let mut leader = Box::pin(flights.join(1, || Arc::clone(&work).run()));
        let mut other = pin!(flights.join(1, || Arc::clone(&work).run()));
        assert!(
            leader.as_mut().poll(&mut context).is_pending() && other.as_mut().poll(&mut context).is_pending()
        );
        drop(leader);
        work.open.store(true, Ordering::SeqCst);
        assert_eq!(other.poll(&mut context), Poll::Ready(Some(1)));
        assert!(!flights.is_under_way(&1));
    }

    #[test]
    fn work_that_nobody_waits_for_makes_room() {
        let (flights, work) = flights(1);
        let mut context = Context::from_waker(Waker::noop());
        let mut first = Box::pin(flights.join(1, || Arc::clone(&work).run()));
        assert!(first.as_mut().poll(&mut context).is_pending());
        let mut second = Box::pin(flights.join(2, || Arc::clone(&work).run()));
        assert_eq!(second.as_mut().poll(&mut context), Poll::Ready(None), "the limit holds");
        drop(first);
        let mut third = Box::pin(flights.join(2, || Arc::clone(&work).run()));
        assert!(third.as_mut().poll(&mut context).is_pending());
        assert_eq!(work.starts.load(Ordering::SeqCst), 2);
    }
}
