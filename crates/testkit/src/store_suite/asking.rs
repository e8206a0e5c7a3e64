//! Reads and commits that unwrap the errors which a case does not expect.

use protocol::{
    AccessToken, AuthorizationCode, DeferredCode, FamilyId, Handle, InteractionToken, RefreshToken,
    SessionToken, Stored,
};
use server::store::{
    AccessRead, Code, Commit, Conflict, DeferredRead, Interaction, Refresh, Session, Store, Through,
};

/// Commits, and asserts that there is no conflict.
pub(super) async fn done(store: &dyn Store, commit: Commit) {
    assert_eq!(outcome(store, commit).await, Ok(()), "a commit whose guards all hold");
}

/// Commits, and asserts that the guard with this index fails.
pub(super) async fn refused(store: &dyn Store, guard: usize, commit: Commit) {
    assert_eq!(outcome(store, commit).await, Err(Conflict { guard }), "a commit whose guard does not hold");
}

/// Commits, and returns the outcome.
pub(super) async fn outcome(store: &dyn Store, commit: Commit) -> Result<(), Conflict> {
    store.commit(commit).await.expect("the store works").map(|_| ())
}

/// The cursor of the newest event.
pub(super) async fn cursor(store: &dyn Store) -> i64 {
    let all = store.events(0, 1_000).await.expect("the store works");
    all.last().map_or(0, |(cursor, _)| *cursor)
}

pub(super) async fn code(store: &dyn Store, code: Handle<AuthorizationCode>) -> Option<Through<Code>> {
    open(store.code(code).await.expect("the store works"), &code)
}

pub(super) async fn access(store: &dyn Store, token: Handle<AccessToken>) -> Option<AccessRead> {
    open(store.access(token).await.expect("the store works"), &token)
}

pub(super) async fn refresh(
    store: &dyn Store,
    family: FamilyId,
) -> Option<(protocol::Digest<RefreshToken>, Through<Refresh>)> {
    store.refresh(family).await.expect("the store works").map(Stored::into_parts)
}

pub(super) async fn deferred(store: &dyn Store, code: Handle<DeferredCode>) -> Option<DeferredRead> {
    open(store.deferred(code).await.expect("the store works"), &code)
}

pub(super) async fn session(store: &dyn Store, token: Handle<SessionToken>) -> Option<Session> {
    open(store.session(token).await.expect("the store works"), &token)
}

pub(super) async fn interaction(store: &dyn Store, token: Handle<InteractionToken>) -> Option<Interaction> {
    open(store.interaction(token).await.expect("the store works"), &token)
}

fn open<S, T>(stored: Option<Stored<S, T>>, handle: &Handle<S>) -> Option<T> {
    stored.map(|stored| stored.open(handle).expect("the row holds the digest that it was written with"))
}
