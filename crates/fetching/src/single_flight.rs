//! One piece of work for all that need the same result at the same time.
//!
//! The first caller starts the work, and all callers poll the same future. None of them owns it: a caller that is
//! dropped does not cancel the others, and when the last one is dropped, so is the work.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

type Running<K, V> = Mutex<HashMap<K, WeakShared<BoxFuture<'static, V>>>>;

/// Running work, by key: concurrent callers of one key share one future.
pub struct SingleFlight<K, V: Clone> {
    running: Arc<Running<K, V>>,
    running_max: usize,
}

impl<K: Clone + Eq + Hash + Send + 'static, V: Clone + Send + Sync + 'static> SingleFlight<K, V> {
    /// At most `running_max` pieces of work run concurrently.
    pub fn new(running_max: usize) -> Self {
        Self { running: Arc::default(), running_max }
    }

    /// Whether work for this key is running.
    pub fn is_running(&self, key: &K) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(key).is_some_and(|flight| flight.upgrade().is_some())
    }

    /// The result of the work that is running for this key, or else of that which `start` makes. `None` if too much
    /// is running.
    pub async fn join<F>(&self, key: K, start: impl FnOnce() -> F) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let flight = self.join_or_start(key, start)?;
        Some(flight.await)
    }

    fn join_or_start<F>(&self, key: K, start: impl FnOnce() -> F) -> Option<Shared<BoxFuture<'static, V>>>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = running.get(&key).and_then(WeakShared::upgrade) {
            return Some(flight);
        }
        if running.len() >= self.running_max {
            running.retain(|_, flight| flight.upgrade().is_some());
        }
        if running.len() >= self.running_max {
            return None;
        }
        let (work, all, own) = (start(), Arc::clone(&self.running), key.clone());
        let flight = async move {
            let value = work.await;
            all.lock().unwrap_or_else(PoisonError::into_inner).remove(&own);
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

    fn flights(running_max: usize) -> (SingleFlight<u8, u32>, Arc<Work>) {
        (
            SingleFlight::new(running_max),
            Arc::new(Work { starts: AtomicU32::new(0), open: AtomicBool::new(false) }),
        )
    }

    #[test]
    fn a_cancelled_leader_does_not_cancel_the_others() {
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
        assert!(!flights.is_running(&1));
    }

    #[test]
    fn abandoned_work_frees_its_place() {
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
