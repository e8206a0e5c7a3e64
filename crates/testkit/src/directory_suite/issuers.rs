//! Issuers over one storage do not see each other's accounts.

use accounts::AccountChange;
use protocol::Subject;

use super::{
    Fixture,
    people::{account, add, by_subject, by_username, commit, replace, subjects, write},
};

pub async fn another_issuer_sees_no_account(fixture: Fixture) {
    write(&*fixture.directory, vec![add(account("u-1", "alice"))]).await;
    let other = &*fixture.other;
    assert_eq!(by_subject(other, "u-1").await, None);
    assert_eq!(by_username(other, "alice").await, None);
    assert_eq!(subjects(other).await, Vec::<String>::new());
}

pub async fn names_of_one_issuer_are_free_for_another(fixture: Fixture) {
    write(&*fixture.directory, vec![add(account("u-1", "alice"))]).await;
    write(&*fixture.other, vec![add(account("u-1", "Alice"))]).await;
    write(&*fixture.other, vec![replace(account("u-1", "bob"), 1)]).await;
    write(&*fixture.directory, vec![replace(account("u-1", "bob"), 1)]).await;
}

pub async fn changes_of_another_issuer_affect_nothing(fixture: Fixture) {
    write(&*fixture.directory, vec![add(account("u-1", "alice"))]).await;
    let other = &*fixture.other;
    assert!(commit(other, vec![replace(account("u-1", "bob"), 1)]).await.is_err());
    assert!(commit(other, vec![AccountChange::Delete(Subject::new("u-1"))]).await.is_ok());
    assert_eq!(by_subject(&*fixture.directory, "u-1").await, Some(account("u-1", "alice")));
}
