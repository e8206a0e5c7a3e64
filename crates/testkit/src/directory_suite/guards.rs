//! When a change of an account conflicts.

use std::sync::Arc;

use accounts::{Account, AccountChange, Directory, PasswordHash};
use protocol::Subject;

use super::{
    Fixture,
    people::{account, add, by_subject, by_username, commit, replace, subjects, write},
};

/// Concurrent writers.
const WRITERS: usize = 16;

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
