//! Keeps refused requests in the store, where `passavant explain` finds them.
//!
//! They are written in batches, at most one in a second, so that no stranger can make the server write for every request.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use server::{
    AuthorizationServer,
    store::{Commit, KeepRefusals, REFUSALS_MAX, RefusedRequest},
};
use tokio::sync::Notify;

/// Time between two batches.
const BATCH_EVERY: Duration = Duration::from_secs(1);
/// Most refused requests of one batch. Further ones are in the log only.
pub(crate) const BATCH_MAX: usize = 100;

/// Refused requests that are not written yet. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Refusals(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Default)]
struct Waiting {
    refused: Vec<RefusedRequest>,
    dropped: u64,
}

impl Refusals {
    /// Keeps a refused request, if the next batch has room for it.
    pub(super) fn keep(&self, refused: impl FnOnce() -> RefusedRequest) {
        let mut waiting = self.waiting();
        if waiting.refused.len() >= BATCH_MAX {
            waiting.dropped += 1;
            return;
        }
        waiting.refused.push(refused());
        drop(waiting);
        self.0.arrived.notify_one();
    }

    /// Writes batches until it is dropped.
    pub(super) async fn write_batches(self, server: AuthorizationServer) {
        loop {
            self.0.arrived.notified().await;
            tokio::time::sleep(BATCH_EVERY).await;
            self.write(&server).await;
        }
    }

    /// Writes what is waiting.
    pub(super) async fn write(&self, server: &AuthorizationServer) {
        let Waiting { refused, dropped } = mem::take(&mut *self.waiting());
        if dropped > 0 {
            tracing::warn!(
                dropped,
                "more requests were refused than are kept: passavant explain does not know all"
            );
        }
        if refused.is_empty() {
            return;
        }
        let commit = Commit::new(server.now()).with(KeepRefusals { refused, most: REFUSALS_MAX });
        if let Err(fault) = server.store().commit(commit).await {
            tracing::warn!(%fault, "refused requests could not be kept: passavant explain does not know them");
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use protocol::Timestamp;

    use super::*;

    fn refused() -> RefusedRequest {
        RefusedRequest {
            request_id: "r".into(),
            at: Timestamp(1),
            route: "POST /token".into(),
            status: 400,
            reason: "scope_not_registered".into(),
            client: None,
            subject: None,
            peer: None,
            difference: None,
        }
    }

    #[test]
    fn a_batch_is_bounded_and_what_it_has_no_room_for_is_counted_and_never_made() {
        let refusals = Refusals::default();
        for _ in 0..BATCH_MAX {
            refusals.keep(refused);
        }
        for _ in 0..7 {
            refusals.keep(|| panic!("a batch has room for {BATCH_MAX}"));
        }
        let waiting = refusals.waiting();
        assert_eq!((waiting.refused.len(), waiting.dropped), (BATCH_MAX, 7));
    }
}
