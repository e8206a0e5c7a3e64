//! What an operator mends in a file without a server.

use accounts::Directory as _;
use protocol::{Issuer, Subject, Timestamp};
use server::store::{
    Commit, Committed, Event, EventKind, GrantChange, KeyChange, KeyRecord, KeyState, RegistryChange, Scope,
    Store as _, TokenChange, UserBasis,
};

use crate::rows::{self, Folder, NOW, SERVER};

/// The time under which a clock was ahead: nine years.
const AHEAD: Timestamp = Timestamp(NOW.0 + 9 * 365 * 86_400);

fn key(kid: &str, state: KeyState, at: Timestamp) -> KeyRecord {
    let retired_at = (state == KeyState::Retiring).then_some(at);
    let algorithm = jose::SignatureAlgorithm::Es256;
    KeyRecord {
        kid: kid.to_owned(),
        algorithm,
        state,
        sealed: vec![1],
        created_at: at,
        active_at: at,
        retired_at,
    }
}

fn scope(name: &str) -> RegistryChange {
    RegistryChange::PutScope(Scope { scope: name.to_owned(), ..Scope::default() })
}

#[tokio::test]
async fn what_was_issued_ahead_of_time_ends_and_the_rest_stays() {
    let folder = Folder::new();
    let file = folder.open(SERVER);
    let store = rows::one(&file);
    let (before, mut after) = (rows::grant(), rows::grant());
    (after.approved_at, after.expires_at) = (AHEAD, AHEAD + 86_400);
    let seen = store.subject(&Subject::new("alice")).await.expect("it reads");
    let alice = UserBasis::Subject(seen.version).at(0);
    let kept = rows::token(0);
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(before.clone()), alice))
        .with(TokenChange::AddAccess(kept, rows::access(Some(before.id))))
        .with(KeyChange::Add(key("active", KeyState::Active, AHEAD)))
        .with(KeyChange::Add(key("next", KeyState::Next, AHEAD)))
        .with(KeyChange::Add(key("old", KeyState::Retiring, AHEAD)));
    rows::done(&store, commit).await;
    let ahead = rows::token(AHEAD.since(NOW));
    let mut access = rows::access(Some(after.id));
    (access.issued_at, access.expires_at) = (AHEAD, AHEAD + 600);
    let commit = Commit::new(AHEAD)
        .with(GrantChange::Add(Box::new(after.clone()), alice))
        .with(TokenChange::AddAccess(ahead, access))
        .with(scope("a"));
    rows::done(&store, commit).await;
    assert_eq!(store.newest().await.expect("it reads"), AHEAD);
    let version = store.registry_version().expect("it reads");

    let ended = store.reset_time(NOW + 60).await.expect("it is mended");
    assert_eq!(ended, Committed { sessions: 0, grants: 1 });
    assert_eq!(store.newest().await.expect("it reads"), NOW + 60);
    let granted = store.list_grants(None, None, 9).await.expect("it reads");
    assert_eq!(granted.iter().map(|grant| grant.id).collect::<Vec<_>>(), [before.id]);
    assert!(store.access(kept).await.expect("it reads").is_some());
    assert!(store.access(ahead).await.expect("it reads").is_none());
    let keys = store.keys().await.expect("it reads");
    let dates: Vec<_> = keys.iter().map(|key| (&*key.kid, key.active_at, key.retired_at)).collect();
    let now = NOW + 60;
    assert_eq!(dates, [("active", now, None), ("next", now + 600, None), ("old", now, Some(now))]);
    let events = store.events(0, 99).await.expect("it reads");
    let at = |event: &Event| event.at;
    assert!(events.iter().any(|(_, event)| event.kind == EventKind::ScopeChanged && at(event) == now));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(store.registry_version().expect("it reads") > version, "cached keys are read again");
}

#[tokio::test]
async fn an_issuer_is_renamed_with_everything_that_it_has() {
    let folder = Folder::new();
    let file = folder.open(SERVER);
    let store = rows::one(&file);
    let alice = UserBasis::Subject(0).at(0);
    let mut grant = rows::grant();
    let audiences = ["https://one.example", "https://one.example/admin/api/v1", "https://one.example.org"];
    grant.audience = audiences.map(protocol::Audience::new).to_vec();
    rows::done(&store, Commit::new(NOW).with(GrantChange::Add(Box::new(grant), alice)).with(scope("a")))
        .await;
    let (one, two) = (Issuer::new("https://one.example"), Issuer::new("https://two.example"));
    let renamed = [
        (one.to_string(), two.to_string()),
        ("https://one.example/admin/api/v1".to_owned(), "https://two.example/admin/api/v1".to_owned()),
    ];
    assert!(!file.rename_issuer(&two, &one, &renamed).expect("it is asked"), "there is no such issuer");
    assert!(file.rename_issuer(&one, &two, &renamed).expect("it is renamed"));
    assert_eq!(file.issuers().expect("it reads"), std::slice::from_ref(&two));
    drop((store, file));
    let file = folder.open(SERVER);
    let store = file.issuer(&two).expect("an issuer");
    assert_eq!(store.scopes().await.expect("it reads").len(), 1);
    assert!(store.list_accounts(None, 9).await.expect("it reads").is_empty());
    let granted = store.list_grants(None, None, 9).await.expect("it reads");
    let audience: Vec<_> = granted[0].audience.iter().map(|audience| audience.as_str().to_owned()).collect();
    assert_eq!(
        audience,
        ["https://two.example", "https://two.example/admin/api/v1", "https://one.example.org"]
    );
}
