//! Requests that their user answers elsewhere: each is answered once and used once, whoever comes first.

use protocol::{DeferredCode, DeferredId, Handle};
use server::store::{
    Commit, Conflict, Deferred, DeferredChange, DeferredState, Ended, GrantChange, Store, UserBasis, Whose,
};
use tokio::task::JoinSet;

use super::{Fixture, asking, rows, rows::NOW};

/// Rounds of the race.
const ROUNDS: usize = 50;
/// Tasks that approve, and as many that deny.
const PARALLEL: usize = 16;

fn at(handle: Handle<DeferredCode>) -> DeferredId {
    DeferredId(handle.id)
}

fn added(handle: Handle<DeferredCode>, row: &Deferred) -> Commit {
    Commit::new(NOW).with(DeferredChange::Add(handle, Box::new(row.clone())))
}

/// Its approval, with a new grant.
fn approved(handle: Handle<DeferredCode>) -> (Commit, server::store::Grant) {
    let mut grant = rows::grant();
    grant.session = None;
    let commit = Commit::new(NOW)
        .with(DeferredChange::Approve(at(handle), grant.id))
        .with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0)));
    (commit, grant)
}

async fn waiting(store: &dyn Store) -> Handle<DeferredCode> {
    let handle = rows::deferred_handle();
    asking::done(store, added(handle, &rows::deferred())).await;
    handle
}

pub async fn a_deferred_request_is_read_as_it_was_written(f: Fixture) {
    let (handle, row) = (rows::deferred_handle(), rows::deferred());
    asking::done(&*f.store, added(handle, &row)).await;
    let read = asking::deferred(&*f.store, handle).await.expect("it was written");
    assert_eq!((read.row, read.grant, read.ended), (row.clone(), None, None));
    let Whose::Typed(code) = &row.whose else { unreachable!("it has a user code") };
    let found = f.store.deferred_by_user_code(code).await.expect("the store works");
    assert_eq!(found, Some((at(handle), row.clone())));
    let other = f.store.deferred_by_user_code(&rows::user_code()).await.expect("the store works");
    assert_eq!(other, None);
    assert_eq!(f.other.deferred_by_user_code(code).await.expect("the store works"), None, "another issuer");
    assert!(asking::deferred(&*f.other, handle).await.is_none(), "another issuer");
}

pub async fn an_approved_request_is_read_with_its_grant_and_what_ended_it(f: Fixture) {
    let handle = waiting(&*f.store).await;
    let (commit, grant) = approved(handle);
    asking::done(&*f.store, commit).await;
    let read = asking::deferred(&*f.store, handle).await.expect("it is there");
    assert_eq!(read.row.state, DeferredState::Approved(grant.id));
    assert_eq!((read.grant.as_ref(), read.ended), (Some(&grant), None));
    asking::done(&*f.store, Commit::new(NOW).with(rows::revoked(grant.id))).await;
    let read = asking::deferred(&*f.store, handle).await.expect("it is there");
    assert_eq!(read.ended, Some(Ended::Grant));
}

pub async fn a_user_code_belongs_to_one_stored_request(f: Fixture) {
    let (handle, row) = (rows::deferred_handle(), rows::deferred());
    asking::done(&*f.store, added(handle, &row)).await;
    asking::refused(&*f.store, 0, added(rows::deferred_handle(), &row)).await;
    let other = Deferred { whose: Whose::Typed(rows::user_code()), ..row.clone() };
    asking::refused(&*f.store, 0, added(handle, &other)).await;
    asking::done(&*f.other, added(rows::deferred_handle(), &row)).await;
}

pub async fn a_deferred_request_is_answered_once_and_only_before_it_expires(f: Fixture) {
    let (allowed, denied) = (waiting(&*f.store).await, waiting(&*f.store).await);
    asking::done(&*f.store, approved(allowed).0).await;
    asking::done(&*f.store, Commit::new(NOW).with(DeferredChange::Deny(at(denied)))).await;
    for handle in [allowed, denied, rows::deferred_handle()] {
        asking::refused(&*f.store, 0, approved(handle).0).await;
        asking::refused(&*f.store, 0, Commit::new(NOW).with(DeferredChange::Deny(at(handle)))).await;
    }
    let late = waiting(&*f.store).await;
    let end = NOW + rows::MINUTES_10;
    let (mut commit, _) = approved(late);
    commit.now = end;
    asking::refused(&*f.store, 0, commit).await;
    asking::refused(&*f.store, 0, Commit::new(end).with(DeferredChange::Deny(at(late)))).await;
    asking::done(&*f.store, Commit::new(end - 1).with(DeferredChange::Deny(at(late)))).await;
}

pub async fn a_deferred_request_is_used_once_and_only_if_it_was_approved(f: Fixture) {
    let used = |handle| Commit::new(NOW).with(DeferredChange::Use(handle));
    let (allowed, denied) = (waiting(&*f.store).await, waiting(&*f.store).await);
    asking::refused(&*f.store, 0, used(allowed)).await;
    let (commit, grant) = approved(allowed);
    asking::done(&*f.store, commit).await;
    asking::done(&*f.store, Commit::new(NOW).with(DeferredChange::Deny(at(denied)))).await;
    asking::refused(&*f.store, 0, used(denied)).await;
    asking::done(&*f.store, used(allowed)).await;
    asking::refused(&*f.store, 0, used(allowed)).await;
    let read = asking::deferred(&*f.store, allowed).await.expect("it is kept");
    assert_eq!(read.row.state, DeferredState::Used(grant.id));
}

pub async fn requests_of_a_user_are_listed_while_they_wait(f: Fixture) {
    let alice = rows::subject("alice");
    let row = |expires_at| Deferred { whose: Whose::Subject(alice.clone()), expires_at, ..rows::deferred() };
    let handles: [_; 4] = std::array::from_fn(|_| rows::deferred_handle());
    for (number, handle) in handles.into_iter().enumerate() {
        let end = if number == 1 { NOW + 1 } else { NOW + rows::MINUTES_10 };
        asking::done(&*f.store, added(handle, &row(end))).await;
    }
    waiting(&*f.store).await;
    asking::done(&*f.store, Commit::new(NOW).with(DeferredChange::Deny(at(handles[2])))).await;
    let listed = async |now, limit| {
        let found = f.store.list_deferred(&alice, now, limit).await.expect("the store works");
        found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(listed(NOW, 9).await, [at(handles[0]), at(handles[1]), at(handles[3])]);
    assert_eq!(listed(NOW + 1, 9).await, [at(handles[0]), at(handles[3])]);
    assert_eq!(listed(NOW, 1).await, [at(handles[0])]);
    let of_bob = f.store.list_deferred(&rows::subject("bob"), NOW, 9).await.expect("the store works");
    assert_eq!(of_bob, []);
    assert_eq!(f.other.list_deferred(&alice, NOW, 9).await.expect("the store works"), []);
}

pub async fn one_of_many_answers_and_uses_of_a_deferred_request_counts(f: Fixture) {
    for round in 0..ROUNDS {
        let handle = waiting(&*f.store).await;
        let mut tasks = JoinSet::new();
        for number in 0..PARALLEL {
            let store = f.store.clone();
            tasks.spawn(async move {
                let allows = number % 2 == 0;
                let commit = match allows {
                    true => approved(handle).0,
                    false => Commit::new(NOW).with(DeferredChange::Deny(at(handle))),
                };
                (allows, asking::outcome(&*store, commit).await)
            });
        }
        let answers = tasks.join_all().await;
        let winners: Vec<_> = answers.iter().filter(|(_, outcome)| outcome.is_ok()).collect();
        assert_eq!(winners.len(), 1, "round {round}: answers");
        assert!(answers.iter().all(|(_, outcome)| matches!(outcome, Ok(()) | Err(Conflict { guard: 0 }))));
        let read = asking::deferred(&*f.store, handle).await.expect("it is there");
        assert_eq!(matches!(read.row.state, DeferredState::Approved(_)), winners[0].0, "round {round}");
        let mut tasks = JoinSet::new();
        for _ in 0..PARALLEL {
            let store = f.store.clone();
            let used = Commit::new(NOW).with(DeferredChange::Use(handle));
            tasks.spawn(async move { asking::outcome(&*store, used).await });
        }
        let used = tasks.join_all().await.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(used, usize::from(winners[0].0), "round {round}: uses");
    }
}
