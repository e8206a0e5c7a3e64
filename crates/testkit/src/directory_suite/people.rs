//! Accounts that cases write, and reads of them.

use accounts::{Account, AccountChange, Directory, PasswordHash, Username};
use protocol::{Audience, ClientId, ClientMetadata, Subject, Timestamp};
use serde_json::json;
use server::store::{
    Caller, Client, Commit, Committed, Conflict, Expect, Item, RegistryChange, Resource, ResourceSettings,
    Store,
};

/// The time of every commit.
pub(super) const NOW: Timestamp = Timestamp(1_700_000_000);

/// An account with every optional member.
pub(super) fn account(subject: &str, username: &str) -> Account {
    let claims = json!({ "name": "Alice Martin", "address": { "locality": "Köln" }, "email_verified": true });
    Account {
        subject: Subject::new(subject),
        username: Username::parse(username).expect("a username"),
        password: Some(PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into())),
        disabled: true,
        claims: claims.as_object().cloned().expect("an object"),
        applied: true,
        version: 1,
    }
}

pub(super) fn add(account: Account) -> AccountChange {
    AccountChange::Add(Box::new(account))
}

pub(super) fn replace(account: Account, version: i64) -> AccountChange {
    AccountChange::Replace(Box::new(account), version)
}

/// Commits changes of accounts.
pub(super) async fn commit(
    directory: &dyn Directory,
    people: Vec<AccountChange>,
) -> Result<Committed, Conflict> {
    directory.commit_people(people, Commit::new(NOW)).await.expect("it answers")
}

/// Commits changes of accounts, and asserts success.
pub(super) async fn write(directory: &dyn Directory, people: Vec<AccountChange>) {
    commit(directory, people).await.expect("every guard holds");
}

pub(super) async fn by_subject(directory: &dyn Directory, subject: &str) -> Option<Account> {
    let subject = Subject::new(subject);
    let found = directory.by_subject(&subject).await.expect("it answers");
    let is_disabled = directory.is_disabled(&subject).await.expect("it answers");
    assert_eq!(is_disabled, found.as_ref().map(|account| account.disabled));
    found
}

pub(super) async fn by_username(directory: &dyn Directory, username: &str) -> Option<Account> {
    let username = Username::parse(username).expect("a username");
    directory.by_username(&username).await.expect("it answers")
}

/// The subjects of all accounts.
pub(super) async fn subjects(directory: &dyn Directory) -> Vec<String> {
    let accounts = directory.list_accounts(None, 100).await.expect("it answers");
    accounts.iter().map(|account| account.subject.as_str().to_owned()).collect()
}

/// A change of protocol state that succeeds if there is no item with this key.
pub(super) fn item(key: &str) -> Item {
    Item { space: "suite".into(), key: key.into(), value: Some(vec![1]), expect: None, until: NOW + 60 }
}

/// A change of protocol state that always conflicts.
pub(super) fn impossible() -> Item {
    Item { expect: Some(vec![2]), ..item("never") }
}

pub(super) async fn has_item(store: &dyn Store, key: &str) -> bool {
    store.item("suite", key).await.expect("it answers").is_some()
}

/// A new client with this id.
pub(super) fn client(id: &str) -> RegistryChange {
    let client = Client {
        caller: caller(id),
        metadata: ClientMetadata::default(),
        require_pkce: true,
        skip_consent: false,
        applied: false,
        registered: server::store::Registered::default(),
        version: 0,
    };
    RegistryChange::PutClient(Box::new(client), Expect::Absent)
}

/// A resource that authenticates with this id.
pub(super) fn resource(identifier: &str, id: &str, expect: Expect) -> RegistryChange {
    let resource = Resource {
        identifier: Audience::new(identifier),
        caller: Some(caller(id)),
        settings: ResourceSettings::default(),
        applied: false,
        version: 0,
    };
    RegistryChange::PutResource(Box::new(resource), expect)
}

fn caller(id: &str) -> Caller {
    Caller { id: ClientId::new(id), epoch: 7, disabled: false, secret: None }
}

/// Commits a change of the registry.
pub(super) async fn register(store: &dyn Store, change: RegistryChange) -> Result<Committed, Conflict> {
    store.commit(Commit::new(NOW).with(change)).await.expect("it answers")
}
