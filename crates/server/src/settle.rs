//! The loop that decides and commits.
//!
//! A decision writes nothing: it returns what to write, which is committed here atomically. After a conflict with a
//! concurrent writer, the decision is made again on the new state of the store.

use std::{future::Future, net::IpAddr};

use http::request::Parts;
use protocol::{ClientId, Timestamp};
use smallvec::SmallVec;

use crate::{
    error::{Error, Fault},
    incoming::RequestHead as _,
    reason::Reason,
    store::{Actor, Change, Commit, DeferredChange, InteractionChange, Remember, SessionChange, Store},
};

/// Number of attempts before the request is answered with 503.
const ATTEMPTS_MAX: usize = 3;

/// What to write, and what to answer. A refusal may have something to write too.
#[derive(Debug)]
pub struct Decision<A> {
    /// What must be written before the answer is sent.
    pub commit: Commit,
    /// The answer to the client.
    pub answer: Result<A, Reason>,
}

impl<A> Decision<A> {
    /// An answer with nothing to write.
    pub fn answer(now: Timestamp, answer: A) -> Self {
        Self { commit: Commit::new(now), answer: Ok(answer) }
    }

    /// A refusal with nothing to write.
    pub fn refuse(now: Timestamp, reason: Reason) -> Self {
        Self { commit: Commit::new(now), answer: Err(reason) }
    }
}

/// What goes into every commit of a request, independent of the decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried<'a> {
    /// When it was received.
    pub(crate) now: Timestamp,
    /// The single-use values of client authentication and proofs of possession: first in every commit, including that
    /// of a refusal.
    pub(crate) remember: &'a [Remember],
    /// The host's id of the request; empty if it has none.
    pub(crate) request_id: &'a str,
    /// The address that it came from.
    pub(crate) peer: Option<IpAddr>,
    /// The client that sent it, if it is known.
    pub(crate) client: Option<&'a ClientId>,
}

impl<'a> Carried<'a> {
    /// From the head of the request and the single-use values of its authentication.
    pub(crate) fn of(now: Timestamp, head: &'a Parts, remember: &'a [Remember]) -> Self {
        Self { now, remember, request_id: head.request_id(), peer: head.peer(), client: None }
    }

    /// Sets the client that sent it.
    pub(crate) fn by(self, client: &'a ClientId) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Sets the request id and the client for the outbox; the commit of a page already names its actor. Most commits,
    /// those of token requests among them, have no event to name them in.
    fn sign(&self, commit: &mut Commit) {
        if !commit.has_events() {
            return;
        }
        if !self.request_id.is_empty() {
            commit.request_id = Some(self.request_id.into());
        }
        commit.peer = self.peer;
        if let Some(client) = self.client {
            commit.actor = Actor::Client(client.clone());
        }
    }
}

/// Decides and commits; decides again after a conflict with a concurrent writer.
///
/// A conflict of a single-use change is a refusal ([`refusal`]): deciding again would not help.
///
/// # Errors
/// The refusal that was decided or that a conflict means, and [`Fault::Busy`] if every attempt conflicted.
pub(crate) async fn settle<A, F>(
    store: &dyn Store,
    carried: Carried<'_>,
    decide: impl Fn() -> F,
) -> Result<A, Error>
where
    F: Future<Output = Result<Decision<A>, Error>> + Send,
{
    for _ in 0..ATTEMPTS_MAX {
        let Decision { mut commit, answer } = match decide().await {
            Ok(decision) => decision,
            Err(Error::Refused(reason)) => Decision::refuse(carried.now, reason),
            Err(failed @ Error::Failed(_)) => return Err(failed),
        };
        if !carried.remember.is_empty() {
            commit.guards.splice(0..0, carried.remember.iter().cloned().map(Change::Once));
        }
        if commit.is_empty() {
            return answer.map_err(Error::Refused);
        }
        carried.sign(&mut commit);
        let refusals: SmallVec<[Option<Reason>; 4]> = commit.guards.iter().map(refusal).collect();
        match store.commit(commit).await? {
            Ok(_) => return answer.map_err(Error::Refused),
            Err(conflict) => {
                if let Some(Some(reason)) = refusals.get(conflict.guard) {
                    return Err((*reason).into());
                }
            }
        }
    }
    tracing::warn!(request_id = carried.request_id, "every attempt to commit conflicted with another writer");
    Err(Fault::Busy("every attempt to commit conflicted with another writer").into())
}

/// The refusal that a conflict of a single-use change means; `None` if deciding again may help.
const fn refusal(change: &Change) -> Option<Reason> {
    match change {
        Change::Once(remember) => Some(remember.replayed),
        // Answered in another tab, or its session ended meanwhile.
        Change::Interaction(InteractionChange::Use(..) | InteractionChange::Update(..))
        | Change::Session(SessionChange::Renew(..)) => Some(Reason::InteractionUnknown),
        // Answered in another browser, or expired meanwhile.
        Change::Deferred(DeferredChange::Approve(..) | DeferredChange::Deny(_)) => {
            Some(Reason::InteractionUnknown)
        }
        Change::Session(SessionChange::Add(..)) => Some(Reason::SignInOutdated),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::store::{Item, Space, memory::MemoryStore};

    const NOW: Timestamp = Timestamp(1_000);

    fn seen(key: &str, replayed: Reason) -> Remember {
        Remember { space: Space::ClientAssertion, key: key.into(), until: NOW + 60, replayed }
    }

    async fn answer(
        store: &MemoryStore,
        remember: &[Remember],
        answer: Result<(), Reason>,
    ) -> Option<Reason> {
        let carried = Carried { now: NOW, remember, request_id: "r", peer: None, client: None };
        let decide = || async { Ok(Decision { commit: Commit::new(NOW), answer }) };
        match settle(store, carried, decide).await {
            Ok(()) => None,
            Err(Error::Refused(reason)) => Some(reason),
            Err(Error::Failed(fault)) => panic!("{fault}"),
        }
    }

    #[tokio::test]
    async fn each_of_two_remembered_values_is_refused_for_its_own_reason() {
        let store = MemoryStore::default();
        let assertion = |key| seen(key, Reason::AssertionReplayed);
        let proof = |key| seen(key, Reason::TokenInactive);
        assert_eq!(answer(&store, &[assertion("a"), proof("p")], Ok(())).await, None);
        let replayed = Some(Reason::AssertionReplayed);
        assert_eq!(answer(&store, &[assertion("a"), proof("q")], Ok(())).await, replayed);
        let replayed = Some(Reason::TokenInactive);
        assert_eq!(answer(&store, &[assertion("b"), proof("p")], Ok(())).await, replayed);
        assert_eq!(answer(&store, &[assertion("b"), proof("q")], Ok(())).await, None, "neither was spent");
    }

    #[tokio::test]
    async fn a_refusal_is_remembered_as_well() {
        let store = MemoryStore::default();
        let remember = [seen("a", Reason::AssertionReplayed)];
        let refused = answer(&store, &remember, Err(Reason::GrantTypeUnsupported)).await;
        assert_eq!(refused, Some(Reason::GrantTypeUnsupported));
        assert_eq!(answer(&store, &remember, Ok(())).await, Some(Reason::AssertionReplayed));
    }

    #[tokio::test]
    async fn another_conflict_decides_again_three_times() {
        let (store, decided) = (MemoryStore::default(), Cell::new(0));
        let carried = Carried { now: NOW, remember: &[], request_id: "r", peer: None, client: None };
        let answer = settle(&store, carried, || {
            decided.set(decided.get() + 1);
            let item = Item {
                space: "test".into(),
                key: "k".into(),
                value: Some(vec![1]),
                expect: Some(vec![0]),
                until: NOW + 60,
            };
            async { Ok(Decision { commit: Commit::new(NOW).with(item), answer: Ok(()) }) }
        });
        assert!(matches!(answer.await, Err(Error::Failed(Fault::Busy(_)))));
        assert_eq!(decided.get(), 3);
    }
}
