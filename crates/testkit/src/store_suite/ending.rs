//! Ends: validity is read through the grant, or through the client if there is no grant.

use protocol::{AccessToken, ClientId, GrantId, Handle, SessionId};
use server::store::{
    Caller, CodeChange, Commit, Committed, Ended, Expect, Grant, GrantChange, Of, RegistryChange,
    SessionChange, Store, TokenChange, UserBasis,
};

use super::{Fixture, asking, rows, rows::NOW};

async fn add_grant(store: &dyn Store, grant: &Grant) {
    asking::done(
        store,
        Commit::new(NOW).with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0))),
    )
    .await;
}

/// Whether an access token of this grant would be ended.
async fn is_ended(store: &dyn Store, grant: &Grant) -> bool {
    let client = (&grant.client, 7);
    let ended =
        store.jwt_ended(&rows::jti(), Some(grant.id), client.0, client.1).await.expect("the store works");
    assert!(matches!(ended, None | Some(Ended::Grant)), "only its grant can have ended it");
    ended.is_some()
}

async fn revoke(store: &dyn Store, grant: GrantId) {
    asking::done(store, Commit::new(NOW).with(rows::revoked(grant))).await;
}

/// Whom to tell of an end is asked after it.
pub async fn clients_of_ended_grants_are_known(f: Fixture) {
    let grant = rows::grant();
    add_grant(&*f.store, &grant).await;
    revoke(&*f.store, grant.id).await;
    let session = grant.session.expect("it has one");
    for of in [Of::Session(session), Of::Subject(grant.subject.clone())] {
        let clients = f.store.clients_of(&of).await.expect("the store works");
        assert_eq!(clients, std::slice::from_ref(&grant.client), "{of:?}");
    }
    let other = f.store.clients_of(&Of::Session(SessionId(1))).await.expect("the store works");
    assert!(other.is_empty(), "{other:?}");
}

pub async fn tokens_of_a_revoked_grant_are_ended(f: Fixture) {
    let (grant, code, access) = (rows::grant(), rows::code_handle(), rows::access_handle());
    let family = rows::family(&grant);
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0)))
        .with(CodeChange::Add(code, Box::new(rows::code(&grant))))
        .with(TokenChange::AddAccess(access, rows::access(&grant)))
        .with(TokenChange::AddRefresh(rows::refresh_digest(), family.clone()));
    asking::done(&*f.store, commit).await;
    assert!(!is_ended(&*f.store, &grant).await);
    for _ in 0..2 {
        revoke(&*f.store, grant.id).await;
        let ended = asking::code(&*f.store, code).await.expect("it is kept").ended;
        assert_eq!(ended, Some(Ended::Grant), "code");
        let ended = asking::access(&*f.store, access).await.expect("it is kept").ended;
        assert_eq!(ended, Some(Ended::Grant), "access token");
        let (_, refresh) = asking::refresh(&*f.store, family.family).await.expect("it is kept");
        assert_eq!(refresh.ended, Some(Ended::Grant), "refresh token");
        assert!(is_ended(&*f.store, &grant).await, "JWT access token");
    }
}

pub async fn tokens_added_after_their_grant_was_revoked_are_ended(f: Fixture) {
    let (grant, code, access) = (rows::grant(), rows::code_handle(), rows::access_handle());
    let family = rows::family(&grant);
    add_grant(&*f.store, &grant).await;
    revoke(&*f.store, grant.id).await;
    let commit = Commit::new(NOW)
        .with(CodeChange::Add(code, Box::new(rows::code(&grant))))
        .with(TokenChange::AddAccess(access, rows::access(&grant)))
        .with(TokenChange::AddRefresh(rows::refresh_digest(), family.clone()));
    asking::done(&*f.store, commit).await;
    let ended = asking::code(&*f.store, code).await.expect("it was written").ended;
    assert_eq!(ended, Some(Ended::Grant), "code");
    let ended = asking::access(&*f.store, access).await.expect("it was written").ended;
    assert_eq!(ended, Some(Ended::Grant), "access token");
    let (_, refresh) = asking::refresh(&*f.store, family.family).await.expect("it was written");
    assert_eq!(refresh.ended, Some(Ended::Grant), "refresh token");
}

pub async fn a_rotated_family_of_a_revoked_grant_is_ended(f: Fixture) {
    let grant = rows::grant();
    let row = rows::family(&grant);
    add_grant(&*f.store, &grant).await;
    let add = TokenChange::AddRefresh(rows::refresh_digest(), row.clone());
    asking::done(&*f.store, Commit::new(NOW).with(add)).await;
    revoke(&*f.store, grant.id).await;
    let to = rows::refresh_digest();
    let rotate = TokenChange::Rotate { family: row.family, from: 0, to, at: NOW, expires_at: NOW + 9 };
    asking::done(&*f.store, Commit::new(NOW).with(rotate)).await;
    let (_, read) = asking::refresh(&*f.store, row.family).await.expect("it is kept");
    assert_eq!(read.ended, Some(Ended::Grant));
}

pub async fn a_token_of_a_grant_that_was_never_written_is_ended(f: Fixture) {
    assert!(is_ended(&*f.store, &rows::grant()).await);
    revoke(&*f.store, GrantId(rows::id())).await;
}

/// Writes four grants with different subjects, clients and sessions, and one like the first with `offline_access`.
async fn grants_of_many(store: &dyn Store) -> [Grant; 5] {
    let mut all: [Grant; 5] = std::array::from_fn(|_| rows::grant());
    all[1].session = all[0].session;
    all[1].subject = rows::subject("bob");
    all[1].client = rows::client_id("other");
    all[2].client = rows::client_id("other");
    all[3].subject = rows::subject("bob");
    all[4].session = all[0].session;
    all[4].offline = true;
    for grant in &all {
        add_grant(store, grant).await;
    }
    all
}

async fn revoke_all(store: &dyn Store, of: Of, keep_offline: bool, all: &[Grant; 5]) -> [bool; 5] {
    asking::done(store, Commit::new(NOW).with(rows::ended(of, keep_offline))).await;
    let mut ended = [false; 5];
    for (ended, grant) in ended.iter_mut().zip(all) {
        *ended = is_ended(store, grant).await;
    }
    ended
}

pub async fn all_grants_of_a_session_end_except_kept_offline_ones(f: Fixture) {
    let all = grants_of_many(&*f.store).await;
    let of = Of::Session(all[0].session.expect("it has one"));
    assert_eq!(revoke_all(&*f.store, of.clone(), true, &all).await, [true, true, false, false, false]);
    assert_eq!(revoke_all(&*f.store, of, false, &all).await, [true, true, false, false, true]);
}

pub async fn all_grants_of_a_subject_end_except_kept_offline_ones(f: Fixture) {
    let all = grants_of_many(&*f.store).await;
    let of = Of::Subject(rows::subject("alice"));
    assert_eq!(revoke_all(&*f.store, of.clone(), true, &all).await, [true, false, true, false, false]);
    assert_eq!(revoke_all(&*f.store, of, false, &all).await, [true, false, true, false, true]);
}

pub async fn all_grants_of_a_client_end_except_kept_offline_ones(f: Fixture) {
    let all = grants_of_many(&*f.store).await;
    let of = Of::Client(rows::client_id("shop"));
    assert_eq!(revoke_all(&*f.store, of.clone(), true, &all).await, [true, false, false, true, false]);
    assert_eq!(revoke_all(&*f.store, of, false, &all).await, [true, false, false, true, true]);
}

pub async fn the_session_of_a_grant_is_read_through_it(f: Fixture) {
    let (session, mut grant, code) = (rows::session_handle(), rows::grant(), rows::code_handle());
    let id = SessionId(session.id);
    (grant.session, grant.offline) = (Some(id), true);
    let family = rows::family(&grant);
    let commit = Commit::new(NOW)
        .with(SessionChange::Add(session, rows::session(), 0))
        .with(CodeChange::Add(code, Box::new(rows::code(&grant))))
        .with(TokenChange::AddRefresh(rows::refresh_digest(), family.clone()))
        .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)));
    asking::done(&*f.store, commit).await;
    let expires_at = Some(rows::session().expires_at);
    for end in [expires_at, None] {
        let read = asking::code(&*f.store, code).await.expect("it is there");
        assert_eq!((read.session_expires_at, read.ended), (end, None));
        let (_, read) = asking::refresh(&*f.store, family.family).await.expect("it is there");
        assert_eq!((read.session_expires_at, read.ended), (end, None));
        asking::done(&*f.store, Commit::new(NOW).with(rows::ended(Of::Session(id), true))).await;
    }
}

/// What ended the opaque and JWT access tokens that a client got without a grant.
async fn own_ended(
    store: &dyn Store,
    token: Handle<AccessToken>,
    client: &ClientId,
    epoch: i64,
) -> Option<Ended> {
    let opaque = asking::access(store, token).await.expect("it is kept").ended;
    let jwt = store.jwt_ended(&rows::jti(), None, client, epoch).await.expect("the store works");
    assert_eq!(opaque, jwt, "an opaque token and a JWT end alike");
    opaque
}

async fn put(store: &dyn Store, caller: &Caller, expect: Expect) {
    let mut client = rows::client("machine");
    client.caller = caller.clone();
    client.version = if let Expect::Version(version) = expect { version + 1 } else { 1 };
    let change = RegistryChange::PutClient(Box::new(client), expect);
    asking::done(store, Commit::new(NOW).with(change)).await;
}

pub async fn a_token_without_grant_lives_as_long_as_its_client_does(f: Fixture) {
    let (token, mut caller) = (rows::access_handle(), rows::caller("machine"));
    let (id, epoch) = (caller.id.clone(), caller.epoch);
    let add = TokenChange::AddAccess(token, rows::own_access(&caller));
    asking::done(&*f.store, Commit::new(NOW).with(add)).await;
    assert_eq!(own_ended(&*f.store, token, &id, epoch).await, Some(Ended::Client), "never registered");
    put(&*f.store, &caller, Expect::Absent).await;
    assert_eq!(own_ended(&*f.store, token, &id, epoch).await, None, "registered");
    caller.disabled = true;
    put(&*f.store, &caller, Expect::Version(1)).await;
    assert_eq!(own_ended(&*f.store, token, &id, epoch).await, Some(Ended::Client), "disabled");
    caller.disabled = false;
    caller.epoch += 1;
    put(&*f.store, &caller, Expect::Version(2)).await;
    assert_eq!(
        own_ended(&*f.store, token, &id, epoch).await,
        Some(Ended::Client),
        "enabled at another epoch"
    );
    let delete = RegistryChange::DeleteClient(id.clone());
    asking::done(&*f.store, Commit::new(NOW).with(delete)).await;
    assert_eq!(own_ended(&*f.store, token, &id, epoch).await, Some(Ended::Client), "deleted");
    caller.epoch += 1;
    put(&*f.store, &caller, Expect::Absent).await;
    assert_eq!(own_ended(&*f.store, token, &id, epoch).await, Some(Ended::Client), "made anew");
}

pub async fn a_token_of_a_grant_is_not_read_through_its_client(f: Fixture) {
    let (grant, token) = (rows::grant(), rows::access_handle());
    add_grant(&*f.store, &grant).await;
    let add = TokenChange::AddAccess(token, rows::access(&grant));
    asking::done(&*f.store, Commit::new(NOW).with(add)).await;
    assert_eq!(asking::access(&*f.store, token).await.expect("it was written").ended, None);
    assert!(!is_ended(&*f.store, &grant).await);
}

pub async fn end_reports_how_many_sessions_and_grants_it_ended(f: Fixture) {
    let mut all = grants_of_many(&*f.store).await;
    let (one, two, expired) = (rows::session_handle(), rows::session_handle(), rows::session_handle());
    let mut over = rows::session();
    over.expires_at = NOW;
    let mut sessions = Commit::new(NOW - 9).with(SessionChange::Add(expired, over, 0));
    for handle in [one, two] {
        sessions.push(SessionChange::Add(handle, rows::session(), 0));
    }
    asking::done(&*f.store, sessions).await;
    all[0].id = GrantId(rows::id());
    all[0].expires_at = NOW;
    add_grant(&*f.store, &all[0]).await;
    let end = async |of, keep_offline| {
        let commit = Commit::new(NOW).with(rows::ended(of, keep_offline));
        f.store.commit(commit).await.expect("the store works").expect("it has no guard")
    };
    let session = Of::Session(SessionId(one.id));
    assert_eq!(end(session.clone(), false).await, Committed { sessions: 1, grants: 0 });
    assert_eq!(end(session, false).await, Committed::default(), "once");
    let alice = Of::Subject(rows::subject("alice"));
    assert_eq!(end(alice.clone(), true).await, Committed { sessions: 1, grants: 2 });
    assert_eq!(end(alice, false).await, Committed { sessions: 0, grants: 1 }, "the one with offline_access");
    assert_eq!(end(Of::Grant(all[3].id), false).await, Committed { sessions: 0, grants: 1 });
}

/// An exchanged token: its grant is of `shop`, its own client another.
pub async fn a_token_of_another_client_than_its_grant_ends_with_both(f: Fixture) {
    let (grant, mut caller) = (rows::grant(), rows::caller("orders"));
    let (id, epoch) = (caller.id.clone(), caller.epoch);
    let token = rows::access_handle();
    add_grant(&*f.store, &grant).await;
    put(&*f.store, &caller, Expect::Absent).await;
    let row = server::store::Access { client: id.clone(), epoch, ..rows::access(&grant) };
    asking::done(&*f.store, Commit::new(NOW).with(TokenChange::AddAccess(token, row))).await;
    let ended = async || {
        let opaque = asking::access(&*f.store, token).await.expect("it was written").ended;
        let jwt = f.store.jwt_ended(&rows::jti(), Some(grant.id), &id, epoch).await;
        assert_eq!(opaque, jwt.expect("the store works"), "one rule for both");
        opaque
    };
    assert_eq!(ended().await, None);
    caller.disabled = true;
    put(&*f.store, &caller, Expect::Version(1)).await;
    assert_eq!(ended().await, Some(Ended::Grant), "its client is disabled");
    (caller.disabled, caller.epoch) = (false, epoch + 1);
    put(&*f.store, &caller, Expect::Version(2)).await;
    assert_eq!(ended().await, Some(Ended::Grant), "its client has another epoch");
    caller.epoch = epoch;
    put(&*f.store, &caller, Expect::Version(3)).await;
    assert_eq!(ended().await, None);
    asking::done(&*f.store, Commit::new(NOW).with(rows::revoked(grant.id))).await;
    assert_eq!(ended().await, Some(Ended::Grant), "its grant is revoked");
}
