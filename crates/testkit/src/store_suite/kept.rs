//! Codes, grants, tokens, sessions and interactions are read as they were written.

use protocol::{AuthorizationCode, Handle, SessionToken, limits};
use server::store::{
    CodeChange, Commit, Consent, Ended, GrantChange, InteractionChange, Of, ScopeAt, SessionChange, Store,
    TokenChange, UserBasis,
};

use super::{Fixture, asking, rows, rows::NOW};

/// Writes a grant, and a code for it.
pub(super) async fn a_code(store: &dyn Store) -> Handle<AuthorizationCode> {
    let (grant, handle) = (rows::grant(), rows::code_handle());
    let add = CodeChange::Add(handle, Box::new(rows::code(&grant)));
    let commit =
        Commit::new(NOW).with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0))).with(add);
    asking::done(store, commit).await;
    handle
}

pub async fn a_code_is_read_with_its_grant(f: Fixture) {
    let (grant, handle) = (rows::grant(), rows::code_handle());
    let code = rows::code(&grant);
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0)))
        .with(CodeChange::Add(handle, Box::new(code.clone())));
    asking::done(&*f.store, commit).await;
    let read = asking::code(&*f.store, handle).await.expect("it was written");
    assert_eq!((read.row, read.grant, read.ended), (code, grant, None));
}

pub async fn code_without_challenge_and_nonce_is_read_unchanged(f: Fixture) {
    let mut grant = rows::grant();
    (grant.session, grant.offline, grant.narrowed) = (None, true, false);
    grant.audience.clear();
    let (handle, mut code) = (rows::code_handle(), rows::code(&grant));
    (code.challenge, code.nonce) = (None, None);
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0)))
        .with(CodeChange::Add(handle, Box::new(code.clone())));
    asking::done(&*f.store, commit).await;
    let read = asking::code(&*f.store, handle).await.expect("it was written");
    assert_eq!((read.row, read.grant, read.session_expires_at), (code, grant, None));
}

pub async fn a_used_code_is_read_as_used(f: Fixture) {
    let handle = a_code(&*f.store).await;
    asking::done(&*f.store, Commit::new(NOW).with(CodeChange::Use(handle))).await;
    assert!(asking::code(&*f.store, handle).await.expect("it is kept").row.used);
}

pub async fn counted_attempt_is_read(f: Fixture) {
    let handle = a_code(&*f.store).await;
    asking::done(&*f.store, Commit::new(NOW).with(CodeChange::CountTry(handle))).await;
    let row = asking::code(&*f.store, handle).await.expect("it is there").row;
    assert_eq!((row.tries, row.used), (1, false));
}

pub async fn wrong_verifiers_invalidate_a_code(f: Fixture) {
    let handle = a_code(&*f.store).await;
    for _ in 1..limits::CODE_TRIES_MAX {
        asking::done(&*f.store, Commit::new(NOW).with(CodeChange::CountTry(handle))).await;
    }
    assert!(!asking::code(&*f.store, handle).await.expect("it is there").row.used);
    asking::done(&*f.store, Commit::new(NOW).with(CodeChange::CountTry(handle))).await;
    assert!(asking::code(&*f.store, handle).await.expect("it is kept").row.used);
    asking::refused(&*f.store, 0, Commit::new(NOW).with(CodeChange::Use(handle))).await;
}

pub async fn a_row_opens_only_for_the_secret_it_was_written_with(f: Fixture) {
    let handle = a_code(&*f.store).await;
    let other = AuthorizationCode::mint(handle.id, [99; 24]).handle();
    let stored = f.store.code(other).await.expect("the store works").expect("the row has this id");
    assert_eq!(stored.open(&other), None);
}

pub async fn an_access_token_is_read_as_it_was_written(f: Fixture) {
    let (grant, handle) = (rows::grant(), rows::access_handle());
    let row = rows::access(&grant);
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)))
        .with(TokenChange::AddAccess(handle, row.clone()));
    asking::done(&*f.store, commit).await;
    let read = asking::access(&*f.store, handle).await.expect("it was written");
    assert_eq!((read.row, read.ended), (row, None));
}

pub async fn an_access_token_without_grant_is_read_as_it_was_written(f: Fixture) {
    let (handle, row) = (rows::access_handle(), rows::own_access(&rows::caller("machine")));
    asking::done(&*f.store, Commit::new(NOW).with(TokenChange::AddAccess(handle, row.clone()))).await;
    assert_eq!(asking::access(&*f.store, handle).await.expect("it was written").row, row);
}

pub async fn an_ended_access_token_is_read_as_ended(f: Fixture) {
    let grant = rows::grant();
    let (ended, other) = (rows::access_handle(), rows::access_handle());
    let commit = Commit::new(NOW)
        .with(TokenChange::AddAccess(ended, rows::access(&grant)))
        .with(TokenChange::AddAccess(other, rows::access(&grant)))
        .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)));
    asking::done(&*f.store, commit).await;
    for _ in 0..2 {
        asking::done(&*f.store, Commit::new(NOW).with(TokenChange::EndAccess(ended))).await;
    }
    let read = asking::access(&*f.store, ended).await.expect("it is kept");
    assert_eq!(read.ended, Some(Ended::Token));
    assert_eq!(asking::access(&*f.store, other).await.expect("it is there").ended, None);
}

pub async fn a_revoked_jwt_is_ended(f: Fixture) {
    let (grant, revoked, other) = (rows::grant(), rows::jti(), rows::jti());
    let client = (&grant.client, 7);
    asking::done(
        &*f.store,
        Commit::new(NOW).with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0))),
    )
    .await;
    for _ in 0..2 {
        let revoke = TokenChange::RevokeJwt(revoked.clone(), NOW + rows::MINUTES_10);
        asking::done(&*f.store, Commit::new(NOW).with(revoke)).await;
    }
    let ended =
        f.store.jwt_ended(&revoked, Some(grant.id), client.0, client.1).await.expect("the store works");
    assert_eq!(ended, Some(Ended::Token));
    let ended = f.store.jwt_ended(&other, Some(grant.id), client.0, client.1).await.expect("the store works");
    assert_eq!(ended, None);
}

pub async fn a_family_is_read_with_its_grant(f: Fixture) {
    let (grant, digest) = (rows::grant(), rows::refresh_digest());
    let row = rows::family(&grant);
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0)))
        .with(TokenChange::AddRefresh(digest, row.clone()));
    asking::done(&*f.store, commit).await;
    let (stored, read) = asking::refresh(&*f.store, row.family).await.expect("it was written");
    assert_eq!((stored, read.row, read.grant, read.ended), (digest, row, grant, None));
}

pub async fn a_rotated_family_is_read_at_its_next_generation(f: Fixture) {
    let (grant, to) = (rows::grant(), rows::refresh_digest());
    let row = rows::family(&grant);
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)))
        .with(TokenChange::AddRefresh(rows::refresh_digest(), row.clone()));
    asking::done(&*f.store, commit).await;
    let (family, at, expires_at) = (row.family, NOW + 60, NOW + 999);
    let rotate = TokenChange::Rotate { family, from: 0, to, at, expires_at };
    asking::done(&*f.store, Commit::new(at).with(rotate)).await;
    let (stored, read) = asking::refresh(&*f.store, family).await.expect("it is kept");
    assert_eq!(stored, to);
    assert_eq!((read.row.generation, read.row.rotated_at, read.row.expires_at), (1, at, expires_at));
    assert_eq!(read.row.key, row.key);
}

pub async fn newest_consent_is_read_until_it_is_deleted(f: Fixture) {
    let (who, client) = (rows::subject("alice"), rows::client_id("shop"));
    let mut consent = Consent {
        subject: who.clone(),
        client: client.clone(),
        approved: [ScopeAt::nowhere("openid")].into(),
        given_at: NOW - 1,
    };
    asking::done(&*f.store, Commit::new(NOW).with(GrantChange::Consent(consent.clone()))).await;
    assert_eq!(f.store.consent(&who, &client).await.expect("the store works"), Some(consent.clone()));
    let resource = Some(protocol::Audience::new("https://api.example"));
    consent.approved.insert(ScopeAt { scope: "orders".into(), resource });
    consent.given_at = NOW;
    asking::done(&*f.store, Commit::new(NOW).with(GrantChange::Consent(consent.clone()))).await;
    assert_eq!(f.store.consent(&who, &client).await.expect("the store works"), Some(consent));
    let other = rows::client_id("other");
    assert_eq!(f.store.consent(&who, &other).await.expect("the store works"), None);
    let forget = GrantChange::ForgetConsent(who.clone(), client.clone());
    asking::done(&*f.store, Commit::new(NOW).with(forget)).await;
    assert_eq!(f.store.consent(&who, &client).await.expect("the store works"), None);
}

pub async fn a_session_is_read_as_it_was_written(f: Fixture) {
    let (handle, row) = (rows::session_handle(), rows::session());
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row.clone(), 0))).await;
    assert_eq!(asking::session(&*f.store, handle).await, Some(row));
}

pub async fn touched_session_has_its_new_last_seen_time(f: Fixture) {
    let (handle, row) = (rows::session_handle(), rows::session());
    let id = protocol::SessionId(handle.id);
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row, 0))).await;
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Touch(id, NOW + 7))).await;
    assert_eq!(asking::session(&*f.store, handle).await.expect("it is there").seen_at, NOW + 7);
}

pub async fn a_renewed_session_opens_for_its_new_secret_alone(f: Fixture) {
    let (handle, mut row) = (rows::session_handle(), rows::session());
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row.clone(), 0))).await;
    let renewed = SessionToken::mint(handle.id, [5; 24]).handle();
    (row.authenticated_at, row.amr, row.seen_at) = (NOW + 7, "pwd otp".into(), NOW + 7);
    row.expires_at = row.expires_at + 67;
    asking::done(&*f.store, Commit::new(NOW + 7).with(SessionChange::Renew(renewed, row.clone(), 0))).await;
    assert_eq!(asking::session(&*f.store, renewed).await, Some(row.clone()));
    let stored = f.store.session(handle).await.expect("the store works").expect("the row has this id");
    assert_eq!(stored.open(&handle), None, "the secret of before");
    let listed = f.store.list_sessions(None, None, 9).await.expect("the store works");
    assert_eq!(listed, [(protocol::SessionId(handle.id), row)], "it is still the one session");
}

pub async fn an_expired_session_is_found_and_an_ended_one_is_not(f: Fixture) {
    let (handle, mut row) = (rows::session_handle(), rows::session());
    row.expires_at = NOW - 1;
    let id = protocol::SessionId(handle.id);
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row.clone(), 0))).await;
    assert_eq!(asking::session(&*f.store, handle).await, Some(row));
    for _ in 0..2 {
        asking::done(&*f.store, Commit::new(NOW).with(rows::ended(Of::Session(id), true))).await;
    }
    assert_eq!(asking::session(&*f.store, handle).await, None);
}

pub async fn all_sessions_of_one_subject_end(f: Fixture) {
    let (one, two, other) = (rows::session_handle(), rows::session_handle(), rows::session_handle());
    let mut row = rows::session();
    let mut commit = Commit::new(NOW).with(SessionChange::Add(one, row.clone(), 0)).with(SessionChange::Add(
        two,
        row.clone(),
        0,
    ));
    row.subject = rows::subject("bob");
    commit.push(SessionChange::Add(other, row.clone(), 0));
    asking::done(&*f.store, commit).await;
    asking::done(&*f.store, Commit::new(NOW).with(rows::ended(Of::Subject(rows::subject("alice")), true)))
        .await;
    assert_eq!(asking::session(&*f.store, one).await, None);
    assert_eq!(asking::session(&*f.store, two).await, None);
    assert_eq!(asking::session(&*f.store, other).await, Some(row));
}

pub async fn an_interaction_is_read_as_it_was_written(f: Fixture) {
    let (handle, row) = (rows::interaction_handle(), rows::interaction());
    asking::done(&*f.store, Commit::new(NOW).with(InteractionChange::Add(handle, row.clone()))).await;
    assert_eq!(asking::interaction(&*f.store, handle).await, Some(row));
}

pub async fn interaction_continues_with_another_request_and_is_answered(f: Fixture) {
    let (handle, mut row) = (rows::interaction_handle(), rows::interaction());
    asking::done(&*f.store, Commit::new(NOW).with(InteractionChange::Add(handle, row.clone()))).await;
    row.request = r#"{"step":2}"#.into();
    let update = InteractionChange::Update(handle, row.request.clone());
    asking::done(&*f.store, Commit::new(NOW).with(update)).await;
    assert_eq!(asking::interaction(&*f.store, handle).await, Some(row.clone()));
    (row.used, row.request) = (true, r#"{"answered":3}"#.into());
    let answer = InteractionChange::Use(handle, row.request.clone());
    asking::done(&*f.store, Commit::new(NOW).with(answer)).await;
    assert_eq!(asking::interaction(&*f.store, handle).await, Some(row));
}

pub async fn newest_time_is_that_of_the_latest_commit(f: Fixture) {
    asking::done(&*f.store, Commit::new(NOW + 9).with(rows::once("later"))).await;
    asking::done(&*f.store, Commit::new(NOW).with(rows::once("earlier"))).await;
    assert_eq!(f.store.newest().await.expect("the store works"), NOW + 9);
}
