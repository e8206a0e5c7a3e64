//! Accounts and protocol state change in one atomic transaction.

use accounts::{AccountChange, PasswordHash};
use protocol::Subject;
use server::store::{Actor, Commit, EventKind};

use super::{
    Fixture,
    people::{NOW, account, add, by_subject, has_item, impossible, item, replace, subjects, write},
};

pub async fn directory_and_protocol_changes_commit_together(fixture: Fixture) {
    let Fixture { store, directory, .. } = &fixture;
    let also = Commit::new(NOW).with(item("one"));
    let committed = directory.commit_people(vec![add(account("u-1", "alice"))], also).await;
    assert!(committed.expect("it answers").is_ok());
    assert_eq!(subjects(&**directory).await, ["u-1"]);
    assert!(has_item(&**store, "one").await);
}

pub async fn directory_conflict_rolls_back_protocol_changes(fixture: Fixture) {
    let Fixture { store, directory, .. } = &fixture;
    write(&**directory, vec![add(account("u-1", "alice"))]).await;
    let also = Commit::new(NOW).with(item("one"));
    let committed = directory.commit_people(vec![replace(account("u-1", "bob"), 9)], also).await;
    assert!(committed.expect("it answers").is_err());
    assert!(!has_item(&**store, "one").await);
    assert_eq!(by_subject(&**directory, "u-1").await, Some(account("u-1", "alice")));
}

pub async fn protocol_conflict_rolls_back_directory_changes(fixture: Fixture) {
    let Fixture { store, directory, .. } = &fixture;
    let also = Commit::new(NOW).with(item("one")).with(impossible());
    let committed = directory.commit_people(vec![add(account("u-1", "alice"))], also).await;
    assert_eq!(committed.expect("it answers").err().map(|conflict| conflict.guard), Some(1));
    assert_eq!(subjects(&**directory).await, Vec::<String>::new());
    assert!(!has_item(&**store, "one").await);
}

pub async fn directory_guards_are_numbered_after_protocol_guards(fixture: Fixture) {
    let directory = &fixture.directory;
    write(&**directory, vec![add(account("u-1", "alice"))]).await;
    let people = || vec![add(account("u-2", "bob")), add(account("u-1", "carol"))];
    let guard = async |also| {
        let committed = directory.commit_people(people(), also).await.expect("it answers");
        committed.err().map(|conflict| conflict.guard)
    };
    assert_eq!(guard(Commit::new(NOW)).await, Some(1));
    assert_eq!(guard(Commit::new(NOW).with(item("one")).with(item("two"))).await, Some(3));
    assert_eq!(guard(Commit::new(NOW).with(impossible())).await, Some(0), "the first that failed is named");
}

pub async fn conflict_of_one_account_rolls_back_another(fixture: Fixture) {
    let directory = &fixture.directory;
    write(&**directory, vec![add(account("u-1", "alice")), add(account("u-2", "bob"))]).await;
    let people = vec![
        AccountChange::Delete(Subject::new("u-2")),
        replace(account("u-1", "alicia"), 1),
        add(account("u-3", "carol")),
        add(account("u-1", "again")),
    ];
    let committed = directory.commit_people(people, Commit::new(NOW)).await.expect("it answers");
    assert_eq!(committed.err().map(|conflict| conflict.guard), Some(3));
    assert_eq!(subjects(&**directory).await, ["u-1", "u-2"]);
    assert_eq!(by_subject(&**directory, "u-1").await, Some(account("u-1", "alice")));
}

pub async fn every_change_but_a_new_hash_leaves_an_event(fixture: Fixture) {
    let Fixture { store, directory, .. } = &fixture;
    let subject = Subject::new("u-1");
    for change in [
        add(account("u-1", "alice")),
        AccountChange::Rehash(subject.clone(), PasswordHash("$argon2id$new".into()), 1),
        replace(account("u-1", "alicia"), 2),
        AccountChange::Delete(subject.clone()),
    ] {
        let also = Commit::new(NOW).by(Actor::Operator("suite".into()));
        directory.commit_people(vec![change], also).await.expect("it answers").expect("it holds");
    }
    let events = store.events(0, 100).await.expect("it answers");
    assert_eq!(events.len(), 3, "{events:?}");
    for (_, event) in events {
        assert_eq!((event.kind, event.at), (EventKind::AccountChanged, NOW));
        assert_eq!(event.actor, Some(Actor::Operator("suite".into())));
        assert_eq!(event.subject, Some(subject.clone()));
    }
}

pub async fn a_conflict_leaves_no_event(fixture: Fixture) {
    let Fixture { store, directory, .. } = &fixture;
    let people = vec![add(account("u-1", "alice")), add(account("u-1", "again"))];
    assert!(directory.commit_people(people, Commit::new(NOW)).await.expect("it answers").is_err());
    assert_eq!(store.events(0, 100).await.expect("it answers"), []);
}
