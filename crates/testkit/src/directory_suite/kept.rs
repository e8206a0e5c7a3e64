//! Accounts are read as they were written.

use accounts::{Account, AccountChange, PasswordHash};
use protocol::{ClientId, Subject};
use server::store::{Commit, Consent, GrantChange, ScopeAt};

use super::{
    Fixture,
    people::{NOW, account, add, by_subject, by_username, commit, replace, subjects, write},
};

pub async fn an_account_is_read_as_it_was_written(fixture: Fixture) {
    let directory = &*fixture.directory;
    let written = account("u-1", "Alice");
    write(directory, vec![add(Account { version: 7, ..written.clone() })]).await;
    assert_eq!(by_subject(directory, "u-1").await, Some(written.clone()), "its version starts at 1");
    assert_eq!(by_username(directory, "Alice").await, Some(written));
}

pub async fn account_without_password_and_claims_is_read_unchanged(fixture: Fixture) {
    let directory = &*fixture.directory;
    let bare = Account {
        password: None,
        disabled: false,
        claims: serde_json::Map::new(),
        applied: false,
        ..account("u-1", "alice")
    };
    write(directory, vec![add(bare.clone())]).await;
    assert_eq!(by_subject(directory, "u-1").await, Some(bare));
}

pub async fn a_username_is_found_in_any_spelling_and_shown_as_it_was_written(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "Zoë.Ångström"))]).await;
    for spelling in ["zoë.ångström", "ZOË.ÅNGSTRÖM", "  Zoë.ångström "] {
        let found = by_username(directory, spelling).await.expect("it is that account");
        assert_eq!(found.username.as_str(), "Zoë.Ångström", "{spelling}");
    }
    assert_eq!(by_username(directory, "zoe.angstrom").await, None, "letters are compared, not their looks");
}

pub async fn unknown_ids_are_not_found(fixture: Fixture) {
    let directory = &*fixture.directory;
    assert_eq!(by_subject(directory, "u-1").await, None);
    assert_eq!(by_username(directory, "alice").await, None);
    assert_eq!(subjects(directory).await, Vec::<String>::new());
}

pub async fn accounts_are_listed_by_sub_page_by_page(fixture: Fixture) {
    let directory = &*fixture.directory;
    for (subject, username) in [("b", "one"), ("a", "two"), ("C", "three"), ("d", "four")] {
        write(directory, vec![add(account(subject, username))]).await;
    }
    assert_eq!(subjects(directory).await, ["C", "a", "b", "d"], "by their bytes");
    let page = async |after: Option<&str>, limit| {
        let after = after.map(Subject::new);
        let accounts = directory.list_accounts(after.as_ref(), limit).await.expect("it answers");
        accounts.iter().map(|account| account.subject.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 3).await, ["C", "a", "b"]);
    assert_eq!(page(Some("b"), 3).await, ["d"]);
    assert_eq!(page(Some("aa"), 1).await, ["b"], "after an unknown id");
    assert_eq!(page(Some("d"), 3).await, Vec::<String>::new());
}

pub async fn a_replaced_account_is_read_as_it_was_replaced(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice"))]).await;
    let changed = Account { password: None, disabled: false, ..account("u-1", "alicia") };
    write(directory, vec![replace(changed.clone(), 1)]).await;
    let changed = Account { version: 2, ..changed };
    assert_eq!(by_subject(directory, "u-1").await, Some(changed.clone()));
    assert_eq!(by_username(directory, "alicia").await, Some(changed));
    assert_eq!(by_username(directory, "alice").await, None);
}

pub async fn a_new_hash_replaces_only_the_hash(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice"))]).await;
    let hash = PasswordHash("$argon2id$v=19$m=20480,t=3,p=1$c2FsdA$bmV3".into());
    write(directory, vec![AccountChange::Rehash(Subject::new("u-1"), hash.clone(), 1)]).await;
    let rehashed = Account { password: Some(hash), version: 2, ..account("u-1", "alice") };
    assert_eq!(by_subject(directory, "u-1").await, Some(rehashed));
}

pub async fn a_deleted_account_is_gone(fixture: Fixture) {
    let directory = &*fixture.directory;
    write(directory, vec![add(account("u-1", "alice")), add(account("u-2", "bob"))]).await;
    write(directory, vec![AccountChange::Delete(Subject::new("u-1"))]).await;
    assert_eq!(by_subject(directory, "u-1").await, None);
    assert_eq!(by_username(directory, "alice").await, None);
    assert_eq!(subjects(directory).await, ["u-2"]);
}

pub async fn deleting_a_missing_account_is_no_conflict(fixture: Fixture) {
    let deleted = commit(&*fixture.directory, vec![AccountChange::Delete(Subject::new("u-1"))]).await;
    assert!(deleted.is_ok());
}

pub async fn the_consents_of_a_deleted_account_are_forgotten(fixture: Fixture) {
    let Fixture { store, directory, .. } = &fixture;
    let client = ClientId::new("shop");
    let consent = |subject: &str| Consent {
        subject: Subject::new(subject),
        client: client.clone(),
        approved: [ScopeAt::nowhere("openid")].into(),
        given_at: NOW,
    };
    write(&**directory, vec![add(account("u-1", "alice")), add(account("u-2", "bob"))]).await;
    let both = Commit::new(NOW)
        .with(GrantChange::Consent(consent("u-1")))
        .with(GrantChange::Consent(consent("u-2")));
    store.commit(both).await.expect("it answers").expect("it holds");
    write(&**directory, vec![AccountChange::Delete(Subject::new("u-1"))]).await;
    for (subject, remembered) in [("u-1", None), ("u-2", Some(consent("u-2")))] {
        let found = store.consent(&Subject::new(subject), &client).await.expect("it answers");
        assert_eq!(found, remembered, "{subject}");
    }
}
