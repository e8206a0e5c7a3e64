//! A commit with a failed guard is refused with the index of that guard, and writes nothing.

use protocol::Timestamp;
use server::store::{
    Change, CodeChange, Commit, Consent, Expect, GrantChange, InteractionChange, KeyChange, Of,
    RegistryChange, ScopeAt, SessionChange, Store, TokenChange, UserBasis, Why,
};

use super::{Fixture, asking, kept, rows, rows::NOW};

/// Commits the change after a guard that holds, with writes without a guard: the change conflicts, and nothing of the
/// others is written.
async fn refuses_at(store: &dyn Store, now: Timestamp, change: impl Into<Change>) {
    let (client, bystander) = (rows::client_id("bystander"), rows::access_handle());
    let consent = Consent {
        subject: rows::subject("alice"),
        client: client.clone(),
        approved: [ScopeAt::nowhere("openid")].into(),
        given_at: now,
    };
    let (last, _) = events(store).await;
    let commit = Commit::new(now)
        .with(TokenChange::AddAccess(bystander, rows::own_access(&rows::caller("bystander"))))
        .with(change)
        .with(GrantChange::Consent(consent))
        .with(RegistryChange::PutScope(rows::scope("never")));
    asking::refused(store, 1, commit).await;
    assert_eq!(asking::access(store, bystander).await, None, "the guard before it is not written");
    let consent = store.consent(&rows::subject("alice"), &client).await.expect("the store works");
    assert_eq!(consent, None, "a write of the commit is not written");
    assert_eq!(events(store).await.0, last, "no event of the commit is written");
}

async fn refuses(store: &dyn Store, change: impl Into<Change>) {
    refuses_at(store, NOW, change).await;
}

/// The last cursor, and the number of events.
async fn events(store: &dyn Store) -> (i64, usize) {
    let all = store.events(0, 1000).await.expect("the store works");
    (all.last().map_or(0, |(cursor, _)| *cursor), all.len())
}

pub async fn the_id_of_a_code_is_new(f: Fixture) {
    let handle = kept::a_code(&*f.store).await;
    let before = asking::code(&*f.store, handle).await.expect("it was written");
    let mut code = rows::code(&before.grant);
    code.redirect_uri = "https://evil.example".into();
    refuses(&*f.store, CodeChange::Add(handle, Box::new(code))).await;
    assert_eq!(asking::code(&*f.store, handle).await, Some(before));
}

pub async fn a_code_is_used_once(f: Fixture) {
    let handle = kept::a_code(&*f.store).await;
    asking::done(&*f.store, Commit::new(NOW).with(CodeChange::Use(handle))).await;
    refuses(&*f.store, CodeChange::Use(handle)).await;
}

pub async fn missing_code_is_not_used(f: Fixture) {
    refuses(&*f.store, CodeChange::Use(rows::code_handle())).await;
}

pub async fn the_id_of_a_grant_is_new(f: Fixture) {
    let grant = rows::grant();
    asking::done(
        &*f.store,
        Commit::new(NOW).with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0))),
    )
    .await;
    refuses(&*f.store, GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0))).await;
    asking::done(&*f.store, Commit::new(NOW).with(rows::revoked(grant.id))).await;
    refuses(&*f.store, GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0))).await;
}

pub async fn the_id_of_an_access_token_is_new(f: Fixture) {
    let (handle, row) = (rows::access_handle(), rows::own_access(&rows::caller("machine")));
    let add = TokenChange::AddAccess(handle, row);
    asking::done(&*f.store, Commit::new(NOW).with(add.clone())).await;
    refuses(&*f.store, add).await;
}

pub async fn a_family_is_new(f: Fixture) {
    let (grant, digest) = (rows::grant(), rows::refresh_digest());
    let row = rows::family(&grant);
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)))
        .with(TokenChange::AddRefresh(digest, row.clone()));
    asking::done(&*f.store, commit).await;
    refuses(&*f.store, TokenChange::AddRefresh(rows::refresh_digest(), row.clone())).await;
    let (stored, _) = asking::refresh(&*f.store, row.family).await.expect("it is there");
    assert_eq!(stored, digest);
}

pub async fn a_family_rotates_only_from_its_generation(f: Fixture) {
    let (grant, live) = (rows::grant(), rows::refresh_digest());
    let row = rows::family(&grant);
    let rotate =
        |from, to| TokenChange::Rotate { family: row.family, from, to, at: NOW, expires_at: NOW + 999 };
    let commit = Commit::new(NOW)
        .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)))
        .with(TokenChange::AddRefresh(rows::refresh_digest(), row.clone()));
    asking::done(&*f.store, commit).await;
    asking::done(&*f.store, Commit::new(NOW).with(rotate(0, live))).await;
    for from in [0, 2] {
        refuses(&*f.store, rotate(from, rows::refresh_digest())).await;
    }
    let (stored, read) = asking::refresh(&*f.store, row.family).await.expect("it is there");
    assert_eq!((stored, read.row.generation), (live, 1));
}

pub async fn missing_family_is_not_rotated(f: Fixture) {
    let family = rows::family(&rows::grant()).family;
    let to = rows::refresh_digest();
    refuses(&*f.store, TokenChange::Rotate { family, from: 0, to, at: NOW, expires_at: NOW + 1 }).await;
}

pub async fn the_id_of_a_session_is_new(f: Fixture) {
    let (handle, row) = (rows::session_handle(), rows::session());
    let add = SessionChange::Add(handle, row, 0);
    asking::done(&*f.store, Commit::new(NOW).with(add.clone())).await;
    refuses(&*f.store, add).await;
}

pub async fn a_session_is_renewed_only_while_its_subject_has_it(f: Fixture) {
    let (handle, row) = (rows::session_handle(), rows::session());
    refuses(&*f.store, SessionChange::Renew(handle, row.clone(), 0)).await;
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row.clone(), 0))).await;
    let mut bobs = row.clone();
    bobs.subject = rows::subject("bob");
    refuses(&*f.store, SessionChange::Renew(handle, bobs, 0)).await;
    assert_eq!(asking::session(&*f.store, handle).await, Some(row.clone()));
    asking::done(
        &*f.store,
        Commit::new(NOW).with(rows::ended(Of::Session(protocol::SessionId(handle.id)), true)),
    )
    .await;
    refuses(&*f.store, SessionChange::Renew(handle, row, 0)).await;
    assert_eq!(asking::session(&*f.store, handle).await, None, "what has ended is not revived");
}

/// Ends a subject for this reason.
async fn end(store: &dyn Store, subject: &str, why: Why) {
    let end = server::store::End::new(Of::Subject(rows::subject(subject)), why, false);
    asking::done(store, Commit::new(NOW).with(end)).await;
}

pub async fn a_session_is_added_only_if_its_subject_was_not_ended_since_it_was_seen(f: Fixture) {
    let add = |version| SessionChange::Add(rows::session_handle(), rows::session(), version);
    let seen = async || f.store.subject(&rows::subject("alice")).await.expect("the store works").version;
    assert_eq!(seen().await, 0, "never ended");
    refuses(&*f.store, add(1)).await;
    end(&*f.store, "bob", Why::AccountDisabled).await;
    asking::done(&*f.store, Commit::new(NOW).with(add(seen().await))).await;
    let before = seen().await;
    for why in [Why::PasswordChanged, Why::AccountDisabled, Why::SessionKilled, Why::Revoked] {
        let old = seen().await;
        end(&*f.store, "alice", why).await;
        assert!(seen().await > old, "{why:?}");
        refuses(&*f.store, add(old)).await;
        refuses(&*f.store, add(before)).await;
        asking::done(&*f.store, Commit::new(NOW).with(add(seen().await))).await;
    }
}

pub async fn a_session_is_renewed_only_if_its_subject_was_not_ended_since_it_was_seen(f: Fixture) {
    let (handle, row) = (rows::session_handle(), rows::session());
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row.clone(), 0))).await;
    // This end does not end the session itself.
    end(&*f.store, "alice", Why::Revoked).await;
    refuses(&*f.store, SessionChange::Renew(handle, row.clone(), 0)).await;
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Renew(handle, row, 1))).await;
}

pub async fn a_grant_is_added_only_while_its_session_lives(f: Fixture) {
    let (handle, row) = (rows::session_handle(), rows::session());
    let id = protocol::SessionId(handle.id);
    let add = |subject: &str| {
        let mut grant = rows::grant();
        (grant.session, grant.subject) = (Some(id), rows::subject(subject));
        GrantChange::Add(Box::new(grant), UserBasis::Session(id).at(0))
    };
    refuses(&*f.store, add("alice")).await;
    asking::done(&*f.store, Commit::new(NOW).with(SessionChange::Add(handle, row, 0))).await;
    refuses(&*f.store, add("bob")).await;
    asking::done(&*f.store, Commit::new(NOW).with(add("alice"))).await;
    asking::done(&*f.store, Commit::new(NOW).with(rows::ended(Of::Session(id), true))).await;
    refuses(&*f.store, add("alice")).await;
}

pub async fn a_grant_without_session_is_added_only_if_its_subject_was_not_ended_since_it_was_seen(
    f: Fixture,
) {
    let add = |version| {
        let mut grant = rows::grant();
        grant.session = None;
        GrantChange::Add(Box::new(grant), UserBasis::Subject(version).at(0))
    };
    refuses(&*f.store, add(1)).await;
    end(&*f.store, "bob", Why::AccountDisabled).await;
    asking::done(&*f.store, Commit::new(NOW).with(add(0))).await;
    end(&*f.store, "alice", Why::Revoked).await;
    refuses(&*f.store, add(0)).await;
    asking::done(&*f.store, Commit::new(NOW).with(add(1))).await;
}

pub async fn a_grant_is_added_only_while_its_client_is_enabled_at_the_epoch_that_was_seen(f: Fixture) {
    let add = |epoch| {
        let mut grant = rows::grant();
        grant.session = None;
        GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(epoch))
    };
    let put = |epoch, disabled, expect| {
        let mut client = rows::client("shop");
        (client.caller.epoch, client.caller.disabled) = (epoch, disabled);
        Commit::new(NOW).with(RegistryChange::PutClient(Box::new(client), expect))
    };
    refuses(&*f.store, add(7)).await;
    asking::done(&*f.store, put(7, false, Expect::Absent)).await;
    refuses(&*f.store, add(0)).await;
    asking::done(&*f.store, Commit::new(NOW).with(add(7))).await;
    asking::done(&*f.store, put(8, true, Expect::Version(1))).await;
    for epoch in [7, 8] {
        refuses(&*f.store, add(epoch)).await;
    }
    asking::done(&*f.store, put(8, false, Expect::Version(2))).await;
    refuses(&*f.store, add(7)).await;
    asking::done(&*f.store, Commit::new(NOW).with(add(8))).await;
    asking::done(&*f.store, Commit::new(NOW).with(RegistryChange::DeleteClient(rows::client_id("shop"))))
        .await;
    refuses(&*f.store, add(8)).await;
}

pub async fn the_id_of_an_interaction_is_new(f: Fixture) {
    let add = InteractionChange::Add(rows::interaction_handle(), rows::interaction());
    asking::done(&*f.store, Commit::new(NOW).with(add.clone())).await;
    refuses(&*f.store, add).await;
}

pub async fn an_answered_interaction_is_neither_answered_nor_changed(f: Fixture) {
    let (handle, row) = (rows::interaction_handle(), rows::interaction());
    asking::done(&*f.store, Commit::new(NOW).with(InteractionChange::Add(handle, row.clone()))).await;
    let answer = InteractionChange::Use(handle, row.request.clone());
    asking::done(&*f.store, Commit::new(NOW).with(answer)).await;
    refuses(&*f.store, InteractionChange::Use(handle, "{}".into())).await;
    refuses(&*f.store, InteractionChange::Update(handle, "{}".into())).await;
    let read = asking::interaction(&*f.store, handle).await.expect("it is kept");
    assert_eq!(read.request, row.request, "what the first answer left");
}

pub async fn an_expired_interaction_is_neither_answered_nor_changed(f: Fixture) {
    let (handle, row) = (rows::interaction_handle(), rows::interaction());
    asking::done(&*f.store, Commit::new(NOW).with(InteractionChange::Add(handle, row.clone()))).await;
    refuses_at(&*f.store, row.expires_at, InteractionChange::Use(handle, "{}".into())).await;
    refuses_at(&*f.store, row.expires_at, InteractionChange::Update(handle, "{}".into())).await;
    assert_eq!(asking::interaction(&*f.store, handle).await, Some(row.clone()));
    let last_second = Commit::new(row.expires_at - 1).with(InteractionChange::Use(handle, "{}".into()));
    asking::done(&*f.store, last_second).await;
}

pub async fn an_interaction_that_is_not_there_is_neither_answered_nor_changed(f: Fixture) {
    refuses(&*f.store, InteractionChange::Use(rows::interaction_handle(), "{}".into())).await;
    refuses(&*f.store, InteractionChange::Update(rows::interaction_handle(), "{}".into())).await;
}

pub async fn client_is_replaced_only_at_the_version_that_was_read(f: Fixture) {
    let put = |name: &str, version, expect| {
        let mut client = rows::client("shop");
        client.metadata.client_name = Some(name.to_owned());
        client.version = version;
        RegistryChange::PutClient(Box::new(client), expect)
    };
    refuses(&*f.store, put("early", 2, Expect::Version(1))).await;
    asking::done(&*f.store, Commit::new(NOW).with(put("first", 1, Expect::Absent))).await;
    refuses(&*f.store, put("again", 1, Expect::Absent)).await;
    refuses(&*f.store, put("other version", 3, Expect::Version(2))).await;
    asking::done(&*f.store, Commit::new(NOW).with(put("second", 2, Expect::Version(1)))).await;
    refuses(&*f.store, put("late", 2, Expect::Version(1))).await;
    let client = f.store.client(&rows::client_id("shop")).await.expect("the store works").expect("there");
    assert_eq!((client.metadata.client_name.as_deref(), client.version), (Some("second"), 2));
}

pub async fn resource_is_replaced_only_at_the_version_that_was_read(f: Fixture) {
    let put = |name: &str, version, expect| {
        let mut resource = rows::resource("https://api.example", None);
        resource.settings.resource_name = Some(name.to_owned());
        resource.version = version;
        RegistryChange::PutResource(Box::new(resource), expect)
    };
    refuses(&*f.store, put("early", 2, Expect::Version(1))).await;
    asking::done(&*f.store, Commit::new(NOW).with(put("first", 1, Expect::Absent))).await;
    refuses(&*f.store, put("again", 1, Expect::Absent)).await;
    asking::done(&*f.store, Commit::new(NOW).with(put("second", 2, Expect::Version(1)))).await;
    refuses(&*f.store, put("late", 2, Expect::Version(1))).await;
    let resources = f.store.resources().await.expect("the store works");
    let read: Vec<_> = resources.iter().map(|r| (r.settings.resource_name.as_deref(), r.version)).collect();
    assert_eq!(read, [(Some("second"), 2)]);
}

pub async fn the_kid_of_a_key_is_new(f: Fixture) {
    asking::done(&*f.store, Commit::new(NOW).with(KeyChange::Add(rows::key("one")))).await;
    refuses(&*f.store, KeyChange::Add(rows::key("one"))).await;
}

pub async fn value_is_remembered_once_until_it_expires(f: Fixture) {
    let first = rows::once("jti-1");
    asking::done(&*f.store, Commit::new(NOW).with(first.clone())).await;
    asking::done(&*f.store, Commit::new(NOW).with(rows::once("jti-2"))).await;
    refuses(&*f.store, first.clone()).await;
    refuses_at(&*f.store, first.until - 1, first.clone()).await;
    let mut again = first.clone();
    again.until = first.until + 100;
    asking::done(&*f.store, Commit::new(first.until + 1).with(again.clone())).await;
    refuses_at(&*f.store, first.until + 2, again).await;
}

pub async fn item_is_replaced_only_if_it_has_the_expected_value(f: Fixture) {
    refuses(&*f.store, rows::item("k", Some(b"a"), Some(b"b"))).await;
    asking::done(&*f.store, Commit::new(NOW).with(rows::item("k", None, Some(b"a")))).await;
    refuses(&*f.store, rows::item("k", None, Some(b"b"))).await;
    refuses(&*f.store, rows::item("k", Some(b"b"), Some(b"c"))).await;
    refuses(&*f.store, rows::item("k", Some(b"b"), None)).await;
    let set = rows::item("k", Some(b"a"), Some(b"b"));
    asking::done(&*f.store, Commit::new(NOW).with(set.clone())).await;
    let read = f.store.item(&set.space, &set.key).await.expect("the store works");
    assert_eq!(read, Some((b"b".to_vec(), set.until)));
    asking::done(&*f.store, Commit::new(NOW).with(rows::item("k", Some(b"b"), None))).await;
    assert_eq!(f.store.item(&set.space, &set.key).await.expect("the store works"), None);
    asking::done(&*f.store, Commit::new(NOW).with(rows::item("k", None, Some(b"")))).await;
    refuses(&*f.store, rows::item("k", None, Some(b"x"))).await;
    let mut elsewhere = rows::item("k", None, Some(b"a"));
    elsewhere.space = "another".into();
    asking::done(&*f.store, Commit::new(NOW).with(elsewhere)).await;
}

pub async fn expired_item_is_absent(f: Fixture) {
    let mut item = rows::item("k", None, Some(b"a"));
    asking::done(&*f.store, Commit::new(NOW).with(item.clone())).await;
    refuses_at(&*f.store, item.until - 1, item.clone()).await;
    let after = item.until + 1;
    item.until = after + 60;
    asking::done(&*f.store, Commit::new(after).with(item)).await;
}
