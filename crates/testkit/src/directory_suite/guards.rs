//! When a change of an account conflicts.

use std::sync::Arc;

use accounts::{Account, AccountChange, Directory, PasswordHash};
use protocol::{Audience, ClientId, Subject};
use server::store::{Expect, RegistryChange};
use tokio::sync::Barrier;

use super::{
    Fixture,
    people::{
        account, add, by_subject, by_username, client, commit, register, replace, resource, subjects, write,
    },
};

/// Concurrent writers.
const WRITERS: usize = 16;
/// Rounds of a race of two.
const ROUNDS: usize = 100;

async fn conflicts(directory: &dyn Directory, change: AccountChange) -> bool {
    commit(directory, vec![change]).await.is_err_and(|conflict| conflict.guard == 0)
}

pub async fn a_subject_is_added_once(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice"))]).await;
    assert!(conflicts(directory, add(account("u-1", "other"))).await);
    assert_eq!(by_username(directory, "other").await, None);
    assert_eq!(by_subject(directory, "u-1").await, Some(account("u-1", "alice")));
}

pub async fn username_is_unique_in_every_spelling(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "Zoë"))]).await;
    for spelling in ["Zoë", "zoë", "ZOË", " zoË "] {
        assert!(conflicts(directory, add(account("u-2", spelling))).await, "{spelling}");
    }
    assert_eq!(subjects(directory).await, ["u-1"]);
}

pub async fn a_deleted_username_is_free_again(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice"))]).await;
    write(directory, vec![AccountChange::Delete(Subject::new("u-1"))]).await;
    write(directory, vec![add(account("u-2", "Alice"))]).await;
    write(directory, vec![add(account("u-1", "bob"))]).await;
    assert_eq!(by_subject(directory, "u-1").await, Some(account("u-1", "bob")));
}

pub async fn an_account_is_replaced_only_at_its_version(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice"))]).await;
    for version in [0, 2] {
        assert!(conflicts(directory, replace(account("u-1", "late"), version)).await, "{version}");
    }
    write(directory, vec![replace(account("u-1", "second"), 1)]).await;
    assert!(conflicts(directory, replace(account("u-1", "late"), 1)).await);
    let second = Account { version: 2, ..account("u-1", "second") };
    assert_eq!(by_subject(directory, "u-1").await, Some(second));
}

pub async fn an_account_that_is_missing_is_not_replaced(fixture: Fixture) {
    let directory = &*fixture.directory;
    for version in [0, 1] {
        assert!(conflicts(directory, replace(account("u-1", "alice"), version)).await, "{version}");
    }
    assert_eq!(subjects(directory).await, Vec::<String>::new());
}

pub async fn a_replaced_account_does_not_take_the_username_of_another(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice")), add(account("u-2", "Zoë"))]).await;
    for spelling in ["Zoë", "zoë", "ZOË"] {
        assert!(conflicts(directory, replace(account("u-1", spelling), 1)).await, "{spelling}");
    }
    assert_eq!(by_subject(directory, "u-1").await, Some(account("u-1", "alice")));
}

pub async fn an_account_keeps_its_username_in_another_spelling(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice"))]).await;
    write(directory, vec![replace(account("u-1", "ALICE"), 1)]).await;
    let found = by_username(directory, "alice").await.expect("it is there");
    assert_eq!((found.username.as_str(), found.version), ("ALICE", 2));
}

pub async fn a_hash_is_replaced_only_at_the_version_of_its_account(fixture: Fixture) {
    let directory = &*fixture.directory;
    let rehash =
        |version| AccountChange::Rehash(Subject::new("u-1"), PasswordHash("$argon2id$late".into()), version);
    assert!(conflicts(directory, rehash(1)).await, "there is no account");
    write(directory, vec![add(account("u-1", "alice"))]).await;
    for version in [0, 2] {
        assert!(conflicts(directory, rehash(version)).await, "{version}");
    }
    assert_eq!(by_subject(directory, "u-1").await, Some(account("u-1", "alice")));
}

pub async fn one_of_many_concurrent_replacements_succeeds(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice"))]).await;
    let held = held_of(&fixture.directory, |i| replace(account("u-1", &format!("name-{i}")), 1)).await;
    assert_eq!(held.len(), 1, "{held:?}");
    let found = by_subject(directory, "u-1").await.expect("it is there");
    assert_eq!((found.username.as_str(), found.version), (format!("name-{}", held[0]).as_str(), 2));
}

pub async fn one_of_many_concurrent_additions_of_a_username_succeeds(fixture: Fixture) {
    let held = held_of(&fixture.directory, |i| add(account(&format!("u-{i}"), "alice"))).await;
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(subjects(&*fixture.directory).await, [format!("u-{}", held[0])]);
}

pub async fn an_account_does_not_get_the_id_of_a_client_or_resource_as_its_sub(fixture: Fixture) {
    let (directory, store) = (&*fixture.directory, &*fixture.store);
    register(store, client("shop")).await.expect("nobody has the id");
    register(store, resource("https://api.example", "api", Expect::Absent)).await.expect("nobody has the id");
    for taken in ["shop", "api"] {
        assert!(conflicts(directory, add(account(taken, "alice"))).await, "{taken}");
    }
    write(directory, vec![add(account("Shop", "alice"))]).await;
    register(store, RegistryChange::DeleteClient(ClientId::new("shop"))).await.expect("no guard");
    let api = RegistryChange::DeleteResource(Audience::new("https://api.example"));
    register(store, api).await.expect("no guard");
    write(directory, vec![add(account("shop", "bob")), add(account("api", "carol"))]).await;
}

pub async fn a_client_or_resource_does_not_get_the_sub_of_an_account_as_its_id(fixture: Fixture) {
    let (directory, store) = (&*fixture.directory, &*fixture.store);
    write(directory, vec![add(account("u-1", "alice"))]).await;
    assert!(register(store, client("u-1")).await.is_err());
    let api = |id, expect| resource("https://api.example", id, expect);
    assert!(register(store, api("u-1", Expect::Absent)).await.is_err());
    register(store, api("api", Expect::Absent)).await.expect("nobody has the id");
    assert!(register(store, api("u-1", Expect::Version(1))).await.is_err());
    register(store, api("api", Expect::Version(1))).await.expect("it keeps its id");
    let other = fixture.other.list_accounts(None, 9).await.expect("it answers");
    assert!(other.is_empty(), "the accounts of another issuer take no id here");
    write(directory, vec![AccountChange::Delete(Subject::new("u-1"))]).await;
    register(store, client("u-1")).await.expect("the id is free again");
}

/// Each of them is checked by its caller before the commit, and sees nothing of the other.
pub async fn one_of_an_account_and_a_client_that_are_created_with_one_id_is_refused(fixture: Fixture) {
    for round in 0..ROUNDS {
        let id = format!("id-{round}");
        let started = Arc::new(Barrier::new(2));
        let one = tokio::spawn({
            let (store, id, started) = (fixture.store.clone(), id.clone(), started.clone());
            async move {
                started.wait().await;
                register(&*store, client(&id)).await.is_ok()
            }
        });
        let other = tokio::spawn({
            let (directory, id) = (fixture.directory.clone(), id.clone());
            async move {
                started.wait().await;
                commit(&*directory, vec![add(account(&id, &id))]).await.is_ok()
            }
        });
        let (registered, added) = (one.await.expect("no panic"), other.await.expect("no panic"));
        assert!(registered != added, "round {round}: client {registered}, account {added}");
        let client = fixture.store.client(&ClientId::new(&*id)).await.expect("it answers");
        assert_eq!(
            (client.is_some(), by_subject(&*fixture.directory, &id).await.is_some()),
            (registered, added)
        );
    }
}

/// Which of many concurrent changes succeeded.
async fn held_of(directory: &Arc<dyn Directory>, change: impl Fn(usize) -> AccountChange) -> Vec<usize> {
    let writers: Vec<_> = (0..WRITERS)
        .map(|i| {
            let (directory, change) = (Arc::clone(directory), change(i));
            tokio::spawn(async move { commit(&*directory, vec![change]).await.is_ok() })
        })
        .collect();
    let mut held = Vec::new();
    for (i, writer) in writers.into_iter().enumerate() {
        if writer.await.expect("no panic") {
            held.push(i);
        }
    }
    held
}
