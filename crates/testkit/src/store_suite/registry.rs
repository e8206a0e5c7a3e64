//! Clients, resources, scopes and keys; credentials that a client and a resource share.

use protocol::{Audience, ClientId};
use server::store::{
    CLIENT_CHANGES_KEPT, Change, Client, Commit, Consent, Expect, GrantChange, KeyChange, KeyRecord,
    KeyState, Provenance, Registered, RegistryChange, RegistryVersion, Resource, ScopeAt, Store,
};

use super::{Fixture, asking, rows, rows::NOW};

const API: &str = "https://api.example";

async fn client(store: &dyn Store, id: &str) -> Option<Client> {
    store.client(&ClientId::new(id)).await.expect("the store works")
}

async fn only_resource(store: &dyn Store) -> Resource {
    let mut all = store.resources().await.expect("the store works");
    assert_eq!(all.len(), 1, "one resource is registered");
    all.remove(0)
}

async fn put_client(store: &dyn Store, client: &Client) {
    let change = RegistryChange::PutClient(Box::new(client.clone()), expected(client.version));
    asking::done(store, Commit::new(NOW).with(change)).await;
}

async fn put_resource(store: &dyn Store, resource: &Resource) {
    let change = RegistryChange::PutResource(Box::new(resource.clone()), expected(resource.version));
    asking::done(store, Commit::new(NOW).with(change)).await;
}

/// The expectation for the update to this version.
fn expected(version: i64) -> Expect {
    if version == 1 { Expect::Absent } else { Expect::Version(version - 1) }
}

pub async fn a_client_is_read_as_it_was_written(f: Fixture) {
    let mut written = rows::client("shop");
    put_client(&*f.store, &written).await;
    assert_eq!(client(&*f.store, "shop").await, Some(written.clone()));
    assert_eq!(client(&*f.store, "other").await, None);
    written.metadata = protocol::ClientMetadata::default();
    written.caller.secret = None;
    written.caller.disabled = true;
    (written.require_pkce, written.skip_consent, written.applied) = (false, false, false);
    written.version = 2;
    put_client(&*f.store, &written).await;
    assert_eq!(client(&*f.store, "shop").await, Some(written));
}

pub async fn a_deleted_client_is_gone(f: Fixture) {
    put_client(&*f.store, &rows::client("shop")).await;
    let delete = RegistryChange::DeleteClient(ClientId::new("shop"));
    for _ in 0..2 {
        asking::done(&*f.store, Commit::new(NOW).with(delete.clone())).await;
        assert_eq!(client(&*f.store, "shop").await, None);
    }
    put_client(&*f.store, &rows::client("shop")).await;
}

pub async fn a_resource_is_read_as_it_was_written(f: Fixture) {
    let mut written = rows::resource(API, Some(rows::caller("api")));
    put_resource(&*f.store, &written).await;
    assert_eq!(only_resource(&*f.store).await, written);
    written.caller = None;
    written.settings = server::store::records::ResourceSettings::default();
    (written.applied, written.version) = (false, 2);
    put_resource(&*f.store, &written).await;
    assert_eq!(only_resource(&*f.store).await, written);
    let delete = RegistryChange::DeleteResource(Audience::new(API));
    asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
    assert_eq!(f.store.resources().await.expect("the store works"), []);
}

pub async fn a_resource_uses_the_credentials_of_the_client_with_its_id(f: Fixture) {
    let mut written = rows::client("both");
    put_client(&*f.store, &written).await;
    let mut others = rows::caller("both");
    others.secret = None;
    others.epoch = 5;
    put_resource(&*f.store, &rows::resource(API, Some(others))).await;
    assert_eq!(client(&*f.store, "both").await, Some(written.clone()), "the client's are left alone");
    assert_eq!(only_resource(&*f.store).await.caller, Some(written.caller.clone()));
    written.caller.epoch += 1;
    written.version = 2;
    put_client(&*f.store, &written).await;
    assert_eq!(only_resource(&*f.store).await.caller, Some(written.caller));
}

pub async fn client_does_not_take_over_the_credentials_of_a_resource(f: Fixture) {
    let resource = rows::resource(API, Some(rows::caller("api")));
    put_resource(&*f.store, &resource).await;
    let mut client = rows::client("api");
    client.caller.secret = None;
    let put = RegistryChange::PutClient(Box::new(client), Expect::Absent);
    asking::refused(&*f.store, 0, Commit::new(NOW).with(put)).await;
    assert_eq!(only_resource(&*f.store).await, resource);
}

pub async fn a_deleted_client_leaves_its_credentials_to_the_resource_that_shares_them(f: Fixture) {
    let mut written = rows::client("both");
    put_client(&*f.store, &written).await;
    put_resource(&*f.store, &rows::resource(API, Some(written.caller.clone()))).await;
    let delete = RegistryChange::DeleteClient(written.caller.id.clone());
    asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
    assert_eq!(client(&*f.store, "both").await, None);
    written.caller.epoch += 1;
    assert_eq!(only_resource(&*f.store).await.caller, Some(written.caller), "its own tokens have ended");
}

pub async fn recreated_client_has_no_consents(f: Fixture) {
    let client = rows::client("shop");
    let consent = Consent {
        subject: rows::subject("alice"),
        client: client.caller.id.clone(),
        approved: [ScopeAt::nowhere("openid")].into(),
        given_at: NOW,
    };
    put_client(&*f.store, &client).await;
    asking::done(&*f.store, Commit::new(NOW).with(GrantChange::Consent(consent.clone()))).await;
    let delete = RegistryChange::DeleteClient(client.caller.id.clone());
    asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
    put_client(&*f.store, &client).await;
    let remembered = f.store.consent(&consent.subject, &consent.client).await.expect("the store works");
    assert_eq!(remembered, None);
}

pub async fn a_deleted_resource_leaves_its_credentials_to_the_client_that_shares_them(f: Fixture) {
    let written = rows::client("both");
    put_client(&*f.store, &written).await;
    put_resource(&*f.store, &rows::resource(API, Some(written.caller.clone()))).await;
    let delete = RegistryChange::DeleteResource(Audience::new(API));
    asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
    assert_eq!(client(&*f.store, "both").await, Some(written));
}

pub async fn a_scope_is_read_as_it_was_written_last(f: Fixture) {
    let mut written = rows::scope("orders");
    asking::done(&*f.store, Commit::new(NOW).with(RegistryChange::PutScope(written.clone()))).await;
    written.description.clear();
    written.claims.push("phone_number".to_owned());
    written.applied = false;
    asking::done(&*f.store, Commit::new(NOW).with(RegistryChange::PutScope(written.clone()))).await;
    assert_eq!(f.store.scopes().await.expect("the store works"), [written]);
    let delete = RegistryChange::DeleteScope("orders".to_owned());
    asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
    assert_eq!(f.store.scopes().await.expect("the store works"), []);
}

pub async fn a_key_is_read_as_it_was_written(f: Fixture) {
    let mut written = rows::key("one");
    asking::done(&*f.store, Commit::new(NOW).with(KeyChange::Add(written.clone()))).await;
    assert_eq!(f.store.keys().await.expect("the store works"), [written.clone()]);
    let kid = || "one".to_owned();
    asking::done(&*f.store, Commit::new(NOW).with(KeyChange::Activate(kid(), NOW + 3))).await;
    (written.state, written.active_at) = (KeyState::Active, NOW + 3);
    assert_eq!(f.store.keys().await.expect("the store works"), [written.clone()]);
    asking::done(&*f.store, Commit::new(NOW).with(KeyChange::Retire(kid(), NOW + 5))).await;
    (written.state, written.retired_at) = (KeyState::Retiring, Some(NOW + 5));
    assert_eq!(f.store.keys().await.expect("the store works"), [written]);
    asking::done(&*f.store, Commit::new(NOW).with(KeyChange::Delete(kid(), KeyState::Retiring))).await;
    assert_eq!(f.store.keys().await.expect("the store works"), []);
}

pub async fn a_key_changes_only_from_the_state_that_was_looked_at(f: Fixture) {
    use KeyState::{Active, Next, Retiring};
    let kid = || "one".to_owned();
    let changes = [
        (KeyChange::Add(rows::key("one")), None),
        (KeyChange::Activate(kid(), NOW), Some(Next)),
        (KeyChange::Retire(kid(), NOW), Some(Active)),
        (KeyChange::Delete(kid(), Next), Some(Next)),
        (KeyChange::Delete(kid(), Active), Some(Active)),
        (KeyChange::Delete(kid(), Retiring), Some(Retiring)),
    ];
    for stored in [None, Some(Next), Some(Active), Some(Retiring)] {
        for (change, from) in &changes {
            if let Some(state) = stored {
                let key = KeyRecord { state, ..rows::key("one") };
                asking::done(&*f.store, Commit::new(NOW).with(KeyChange::Add(key))).await;
            }
            let before = f.store.keys().await.expect("the store works");
            let commit =
                Commit::new(NOW).with(change.clone()).with(RegistryChange::PutScope(rows::scope("a")));
            let verdict = f.store.commit(commit).await.expect("the store works");
            assert_eq!(verdict.is_ok(), stored == *from, "{change:?} of a key in the state {stored:?}");
            if verdict.is_err() {
                assert_eq!(f.store.keys().await.expect("the store works"), before, "{change:?}");
            }
            for key in f.store.keys().await.expect("the store works") {
                let delete = KeyChange::Delete(key.kid, key.state);
                asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
            }
        }
    }
}

pub async fn every_registry_change_increments_its_version(f: Fixture) {
    let kid = || "one".to_owned();
    let changes: [Change; 11] = [
        RegistryChange::PutClient(Box::new(rows::client("shop")), Expect::Absent).into(),
        RegistryChange::PutResource(Box::new(rows::resource(API, None)), Expect::Absent).into(),
        RegistryChange::PutScope(rows::scope("orders")).into(),
        KeyChange::Add(rows::key("one")).into(),
        KeyChange::Activate(kid(), NOW).into(),
        KeyChange::Retire(kid(), NOW).into(),
        RegistryChange::KeepClient(ClientId::new("shop")).into(),
        RegistryChange::DeleteClient(ClientId::new("shop")).into(),
        RegistryChange::DeleteResource(Audience::new(API)).into(),
        RegistryChange::DeleteScope("orders".to_owned()).into(),
        KeyChange::Delete(kid(), KeyState::Retiring).into(),
    ];
    for change in changes {
        let before = f.store.registry_version().expect("the store works");
        asking::done(&*f.store, Commit::new(NOW).with(change.clone())).await;
        assert!(moves(&*f.store, before).await, "{change:?} does not move the version");
    }
}

/// Whether the version changes within the permitted delay of 250 milliseconds, doubled for a slow machine.
async fn moves(store: &dyn Store, before: RegistryVersion) -> bool {
    for _ in 0..50 {
        if store.registry_version().expect("the store works") != before {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    false
}

/// The version, once nothing can be newer.
async fn version(store: &dyn Store) -> RegistryVersion {
    tokio::time::sleep(std::time::Duration::from_millis(260)).await;
    store.registry_version().expect("the store works")
}

pub async fn a_change_of_a_client_moves_only_the_version_of_clients(f: Fixture) {
    put_resource(&*f.store, &rows::resource(API, None)).await;
    let before = version(&*f.store).await;
    put_client(&*f.store, &rows::client("shop")).await;
    let after = version(&*f.store).await;
    assert_eq!((after.rest, after.clients), (before.rest, before.clients + 1));
    let scope = RegistryChange::PutScope(rows::scope("orders"));
    asking::done(&*f.store, Commit::new(NOW).with(scope)).await;
    let last = version(&*f.store).await;
    assert!(last.clients == after.clients && last.rest > after.rest);
}

/// The cached credentials of a resource are those of the client.
pub async fn a_change_of_a_client_that_shares_its_credentials_moves_the_version_of_resources_too(f: Fixture) {
    let written = rows::client("both");
    put_client(&*f.store, &written).await;
    put_resource(&*f.store, &rows::resource(API, Some(written.caller.clone()))).await;
    let before = version(&*f.store).await;
    put_client(&*f.store, &Client { version: 2, ..written }).await;
    let changed = version(&*f.store).await;
    assert!(changed.rest > before.rest && changed.clients > before.clients);
    let delete = RegistryChange::DeleteClient(ClientId::new("both"));
    asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
    assert!(version(&*f.store).await.rest > changed.rest);
}

pub async fn the_clients_that_changed_after_a_version_are_known(f: Fixture) {
    let first = version(&*f.store).await.clients;
    put_client(&*f.store, &rows::client("shop")).await;
    put_client(&*f.other, &rows::client("elsewhere")).await;
    put_client(&*f.store, &rows::client("till")).await;
    let delete = RegistryChange::DeleteClient(ClientId::new("shop"));
    asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
    let changed = async |after| {
        let changed = f.store.clients_changed(after).await.expect("the store works").expect("they are known");
        changed.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(changed(first).await, ["shop", "till", "shop"]);
    assert_eq!(changed(first + 1).await, ["till", "shop"]);
    assert_eq!(changed(first + 3).await, [""; 0]);
}

/// A conflict writes nothing, so it changes no client.
pub async fn a_client_that_was_not_written_has_not_changed(f: Fixture) {
    put_client(&*f.store, &rows::client("shop")).await;
    let before = version(&*f.store).await;
    let again = RegistryChange::PutClient(Box::new(rows::client("shop")), Expect::Absent);
    asking::refused(&*f.store, 0, Commit::new(NOW).with(again)).await;
    assert_eq!(version(&*f.store).await, before);
    assert_eq!(f.store.clients_changed(before.clients).await.expect("the store works"), Some(Vec::new()));
}

pub async fn changes_of_clients_beyond_their_number_are_forgotten(f: Fixture) {
    let first = version(&*f.store).await.clients;
    let mut commit = Commit::new(NOW);
    for at in 0..=CLIENT_CHANGES_KEPT {
        commit.push(RegistryChange::PutClient(Box::new(rows::client(&format!("c{at}"))), Expect::Absent));
    }
    asking::done(&*f.store, commit).await;
    assert_eq!(f.store.clients_changed(first).await.expect("the store works"), None);
    let kept = f.store.clients_changed(first + 1).await.expect("the store works").expect("they are known");
    assert_eq!(kept.len(), CLIENT_CHANGES_KEPT as usize);
}

pub async fn a_client_keeps_how_it_was_registered(f: Fixture) {
    let mut written = rows::client("shop");
    for (version, by) in [
        (1, Provenance::Operator),
        (2, Provenance::SelfRegistered { token: protocol::Digest::of(b"another") }),
        (3, Provenance::MetadataDocument { fresh_until: NOW + 7 }),
    ] {
        written.registered = Registered { by, at: Some(NOW - version), unused_until: None };
        written.version = version;
        put_client(&*f.store, &written).await;
        assert_eq!(client(&*f.store, "shop").await, Some(written.clone()));
    }
}

async fn unused(store: &dyn Store, now: protocol::Timestamp) -> Vec<String> {
    let unused = store.unused_clients(now, 9).await.expect("the store works");
    unused.iter().map(ToString::to_string).collect()
}

pub async fn a_client_that_was_not_used_in_time_is_found_and_deleted(f: Fixture) {
    let written = rows::client("shop");
    let until = written.registered.unused_until.expect("it has one");
    put_client(&*f.store, &written).await;
    put_client(&*f.other, &rows::client("elsewhere")).await;
    let delete = |now| Commit::new(now).with(RegistryChange::DeleteUnused(ClientId::new("shop")));
    assert_eq!(unused(&*f.store, until).await, [""; 0]);
    asking::refused(&*f.store, 0, delete(until)).await;
    assert_eq!(unused(&*f.store, until + 1).await, ["shop"]);
    asking::done(&*f.store, delete(until + 1)).await;
    assert_eq!(client(&*f.store, "shop").await, None);
    asking::refused(&*f.store, 0, delete(until + 1)).await;
}

pub async fn a_client_that_was_used_is_kept(f: Fixture) {
    let written = rows::client("shop");
    let until = written.registered.unused_until.expect("it has one");
    put_client(&*f.store, &written).await;
    let keep = RegistryChange::KeepClient(ClientId::new("shop"));
    for _ in 0..2 {
        asking::done(&*f.store, Commit::new(NOW).with(keep.clone())).await;
        let kept = client(&*f.store, "shop").await.expect("it is there");
        assert_eq!((kept.registered.unused_until, kept.version), (None, 2), "once");
    }
    let delete = RegistryChange::DeleteUnused(ClientId::new("shop"));
    asking::refused(&*f.store, 0, Commit::new(until + 1).with(delete)).await;
    // What was read before it was used is not written over that.
    let stale = RegistryChange::PutClient(Box::new(written), Expect::Version(1));
    asking::refused(&*f.store, 0, Commit::new(NOW).with(stale)).await;
}
