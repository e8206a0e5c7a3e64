//! Events are in the outbox, written in the commit of their change.

use std::net::{IpAddr, Ipv4Addr};

use protocol::{DeferredId, SessionId};
use server::store::{
    Actor, Change, Commit, Consent, DeferredChange, End, Event, EventKind, Expect, GrantChange, KeyChange,
    KeyState, Of, RegistryChange, ScopeAt, SessionChange, Store, TokenChange, Why,
};

use super::{Fixture, asking, rows, rows::NOW};

/// Where the requests come from.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// An event without its time, actor and request.
struct Told {
    kind: EventKind,
    subject: Option<&'static str>,
    client: Option<&'static str>,
    detail: String,
    why: Option<&'static str>,
}

/// Every change with an event, except those of accounts, with the expected kind, subject, client, detail and reason.
fn told() -> Vec<(Change, Told)> {
    let (shop, api) = (rows::client("shop"), rows::resource("https://api.example", None));
    let (grant, session, access) = (rows::grant(), SessionId(rows::id()), rows::access_handle());
    let (id, jti) = (shop.caller.id.clone(), rows::jti());
    let (alice, apis) = (Some("alice"), "https://api.example");
    let [grant_id, session_id, token_id] = [grant.id.to_string(), session.to_string(), access.id.to_string()];
    let ended = |of: Of, why| Change::End(End::new(of, why, false).naming(Some(&grant.subject), None));
    let replayed = |why| Change::End(End::grant(&grant, why));
    let about = |kind, subject, client, detail: &str, why| Told {
        kind,
        subject,
        client,
        detail: detail.to_owned(),
        why,
    };
    let plain = |kind, detail: &str| about(kind, None, None, detail, None);
    let of_shop = || about(EventKind::ClientChanged, None, Some("shop"), "", None);
    let (revoked, is_replay) = (EventKind::GrantsRevoked, EventKind::ReplayDetected);
    let (code, refresh) = (format!("code of grant {grant_id}"), format!("refresh token of grant {grant_id}"));
    let put_shop = RegistryChange::PutClient(Box::new(shop), Expect::Absent);
    let put_api = RegistryChange::PutResource(Box::new(api), Expect::Absent);
    let k = || "k".to_owned();
    let of_key = |why| about(EventKind::KeyChanged, None, None, "k", Some(why));
    let signed_in = rows::session_handle();
    let consent = Consent {
        subject: grant.subject.clone(),
        client: grant.client.clone(),
        approved: [ScopeAt::nowhere("openid")].into(),
        given_at: NOW,
    };
    let sid = SessionId(signed_in.id).to_string();
    vec![
        (
            SessionChange::Add(signed_in, rows::session(), 0).into(),
            about(EventKind::SignedIn, alice, None, &sid, Some("pwd")),
        ),
        (GrantChange::Consent(consent).into(), about(EventKind::ConsentGiven, alice, Some("shop"), "", None)),
        (put_shop.into(), of_shop()),
        (RegistryChange::DeleteClient(id.clone()).into(), of_shop()),
        (put_api.into(), plain(EventKind::ResourceChanged, apis)),
        (
            RegistryChange::DeleteResource(protocol::Audience::new(apis)).into(),
            plain(EventKind::ResourceChanged, apis),
        ),
        (RegistryChange::PutScope(rows::scope("orders")).into(), plain(EventKind::ScopeChanged, "orders")),
        (RegistryChange::DeleteScope("orders".to_owned()).into(), plain(EventKind::ScopeChanged, "orders")),
        (KeyChange::Add(rows::key("k")).into(), of_key("published")),
        (KeyChange::Activate(k(), NOW).into(), of_key("signs")),
        (KeyChange::Retire(k(), NOW).into(), of_key("retired")),
        (KeyChange::Delete(k(), KeyState::Retiring).into(), of_key("deleted")),
        (TokenChange::EndAccess(access).into(), plain(EventKind::TokenRevoked, &token_id)),
        (TokenChange::RevokeJwt(jti.clone(), NOW + 9).into(), plain(EventKind::TokenRevoked, jti.as_str())),
        (replayed(Why::Revoked), about(revoked, alice, Some("shop"), &grant_id, Some("revoked"))),
        (replayed(Why::CodeReplayed), about(is_replay, alice, Some("shop"), &code, Some("code_replayed"))),
        (
            replayed(Why::RefreshReplayed),
            about(is_replay, alice, Some("shop"), &refresh, Some("refresh_replayed")),
        ),
        (
            ended(Of::Session(session), Why::SignedOut),
            about(EventKind::SessionEnded, alice, None, &session_id, Some("signed_out")),
        ),
        (
            ended(Of::Session(session), Why::Revoked),
            about(revoked, alice, None, &session_id, Some("revoked")),
        ),
        (
            ended(Of::Subject(grant.subject.clone()), Why::Revoked),
            about(revoked, alice, None, "", Some("revoked")),
        ),
        (
            End::new(Of::Client(id), Why::ClientDeleted, false).into(),
            about(revoked, None, Some("shop"), "", Some("client_deleted")),
        ),
    ]
}

pub async fn change_is_recorded_as_an_event_with_its_actor(f: Fixture) {
    let mut seen = Vec::new();
    for (change, told) in told() {
        let before = asking::cursor(&*f.store).await;
        let mut commit = Commit::new(NOW).by(Actor::Operator("ops".into())).with(change.clone());
        commit.request_id = Some("r-1".into());
        commit.peer = Some(PEER);
        asking::done(&*f.store, commit).await;
        let event = Event {
            kind: told.kind,
            at: NOW,
            actor: Some(Actor::Operator("ops".into())),
            request_id: Some("r-1".into()),
            peer: Some(PEER),
            subject: told.subject.map(rows::subject),
            client: told.client.map(rows::client_id),
            detail: told.detail.into(),
            why: told.why.map(Into::into),
        };
        let read = f.store.events(before, 9).await.expect("the store works");
        assert_eq!(read.into_iter().map(|(_, event)| event).collect::<Vec<_>>(), [event], "{change:?}");
        seen.push(told.kind);
    }
    seen.push(answered(&*f.store).await);
    let missing = EventKind::ALL.iter().filter(|kind| !seen.contains(kind)).collect::<Vec<_>>();
    assert_eq!(missing, [&EventKind::AccountChanged], "which changes of a directory make");
}

/// A request that a user denied: its change has a guard that the others have not.
async fn answered(store: &dyn Store) -> EventKind {
    let handle = rows::deferred_handle();
    let add = DeferredChange::Add(handle, Box::new(rows::deferred()));
    asking::done(store, Commit::new(NOW).with(add)).await;
    let before = asking::cursor(store).await;
    let id = DeferredId(handle.id);
    asking::done(store, Commit::new(NOW).with(DeferredChange::Deny(id))).await;
    let read = store.events(before, 9).await.expect("the store works");
    let [(_, event)] = read.as_slice() else { unreachable!("one event: {read:?}") };
    assert_eq!((&*event.detail, event.why.as_deref()), (id.to_string().as_str(), Some("denied")));
    event.kind
}

pub async fn ending_a_subject_reports_its_sessions_and_grants(f: Fixture) {
    let commit = Commit::new(NOW).with(rows::ended(Of::Subject(rows::subject("alice")), true));
    asking::done(&*f.store, commit).await;
    let events = f.store.events(0, 9).await.expect("the store works");
    let told: Vec<_> = events.iter().map(|(_, event)| (event.kind, event.subject.clone())).collect();
    let alice = Some(rows::subject("alice"));
    assert_eq!(told, [(EventKind::SessionEnded, alice.clone()), (EventKind::GrantsRevoked, alice)]);
    assert!(events.iter().all(|(_, event)| event.actor == Some(Actor::Server)));
}

pub async fn events_are_read_in_their_order_by_cursor(f: Fixture) {
    let scopes = ["one", "two", "three", "four", "five"];
    let put = |scope| RegistryChange::PutScope(rows::scope(scope));
    asking::done(&*f.store, Commit::new(NOW).with(put(scopes[0])).with(put(scopes[1]))).await;
    for scope in &scopes[2..] {
        asking::done(&*f.store, Commit::new(NOW).with(put(scope))).await;
    }
    let (mut cursor, mut read) = (0, Vec::new());
    loop {
        let page = f.store.events(cursor, 2).await.expect("the store works");
        assert!(page.len() <= 2, "a page holds at most its limit");
        let Some((last, _)) = page.last() else { break };
        assert!(page.iter().all(|(at, _)| *at > cursor), "a page begins after its cursor");
        cursor = *last;
        read.extend(page.into_iter().map(|(_, event)| event.detail));
    }
    assert_eq!(read, scopes.map(Into::into));
}

pub async fn the_latest_event_has_the_last_cursor(f: Fixture) {
    let latest = async || f.store.latest_event().await.expect("the store works");
    assert_eq!(latest().await, 0);
    let put = |scope| RegistryChange::PutScope(rows::scope(scope));
    asking::done(&*f.store, Commit::new(NOW).with(put("one")).with(put("two"))).await;
    assert_eq!(latest().await, asking::cursor(&*f.store).await);
    assert_eq!(f.store.events(latest().await, 9).await.expect("the store works"), []);
}
