//! A read that begins after a commit returned sees it, also if another process committed.

use std::time::Duration;

use passavant_sqlite::{Options, SqliteIssuer};
use server::store::{Commit, GrantChange, RegistryChange, Scope, Store as _, TokenChange, UserBasis};

use crate::rows::{self, Folder, NOW, SERVER};

const ROUNDS: usize = 300;

/// Grants and revokes in turn: what `writer` has committed, `reader` sees immediately.
async fn revoke_and_look(writer: &SqliteIssuer, reader: &SqliteIssuer) {
    for round in 0..ROUNDS {
        let (grant, handle) = (rows::grant(), rows::token(0));
        let add = Commit::new(NOW)
            .with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0)))
            .with(TokenChange::AddAccess(handle, rows::access(Some(grant.id))));
        rows::done(writer, add).await;
        assert_eq!(rows::ended(reader, handle).await, None, "round {round}: it is there");
        rows::done(writer, rows::revoke(grant.id)).await;
        assert!(rows::ended(reader, handle).await.is_some(), "round {round}: it is revoked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_is_seen_by_the_next_read_of_the_same_store() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    let mut rounds = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        rounds.spawn(async move { revoke_and_look(&store, &store).await });
    }
    rounds.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_by_another_store_is_seen_by_the_next_read() {
    let folder = Folder::new();
    let server = rows::one(&folder.open(SERVER));
    let tool = rows::one(&folder.open(Options::default()));
    // Another task keeps the server's readers busy, each with a held transaction.
    let others = tokio::spawn({
        let (server, handle) = (server.clone(), rows::token(0));
        async move {
            loop {
                rows::is_there(&server, handle).await;
                tokio::task::yield_now().await;
            }
        }
    });
    revoke_and_look(&tool, &server).await;
    revoke_and_look(&server, &tool).await;
    others.abort();
}

fn scope(name: &str) -> Commit {
    let scope = Scope { scope: name.to_owned(), ..Scope::default() };
    Commit::new(NOW).with(RegistryChange::PutScope(scope))
}

#[tokio::test]
async fn registry_version_changes_at_once_for_commits_of_this_store() {
    let folder = Folder::new();
    let store = rows::one(&folder.open(SERVER));
    for name in ["a", "b", "c"] {
        let before = store.registry_version().expect("the store works");
        rows::done(&store, scope(name)).await;
        assert!(store.registry_version().expect("the store works") > before);
    }
}

#[tokio::test]
async fn registry_version_changes_within_its_bound_for_commits_of_another_store() {
    let folder = Folder::new();
    let server = rows::one(&folder.open(SERVER));
    let tool = rows::one(&folder.open(Options::default()));
    let before = server.registry_version().expect("the store works");
    rows::done(&tool, scope("a")).await;
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert!(server.registry_version().expect("the store works") > before);
}

#[tokio::test]
async fn registry_version_is_unchanged_by_token_writes() {
    let folder = Folder::new();
    let server = rows::one(&folder.open(SERVER));
    let tool = rows::one(&folder.open(Options::default()));
    let before = server.registry_version().expect("the store works");
    rows::done(&server, rows::add_token(rows::token(0))).await;
    rows::done(&tool, rows::add_token(rows::token(0))).await;
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(server.registry_version().expect("the store works"), before);
}
