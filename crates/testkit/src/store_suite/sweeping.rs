//! Ended rows are kept for an hour, then deleted in bounded steps.

use protocol::{SessionId, Timestamp};
use server::store::{
    CodeChange, Commit, DeferredChange, Expect, GrantChange, InteractionChange, KEPT_AFTER_END_SECONDS, Of,
    RegistryChange, SessionChange, Store, TokenChange, UserBasis,
};

use super::{Fixture, asking, rows, rows::NOW};

async fn sweep(store: &dyn Store, now: Timestamp, limit: u32) -> u32 {
    store.sweep(now, limit).await.expect("the store works")
}

pub async fn a_sweep_deletes_at_most_its_limit(f: Fixture) {
    let handles: [_; 5] = std::array::from_fn(|_| rows::interaction_handle());
    let row = rows::interaction();
    for handle in handles {
        let add = InteractionChange::Add(handle, row.clone());
        asking::done(&*f.store, Commit::new(NOW).with(add)).await;
    }
    let due = row.expires_at + KEPT_AFTER_END_SECONDS + 1;
    assert_eq!(sweep(&*f.store, due, 3).await, 3);
    let mut left = 0;
    for handle in handles {
        left += u32::from(asking::interaction(&*f.store, handle).await.is_some());
    }
    assert_eq!(left, 2);
    assert_eq!(sweep(&*f.store, due, 3).await, 2);
    assert_eq!(sweep(&*f.store, due, 3).await, 0);
}

/// A row of each kind that expires.
struct Expiring {
    code: protocol::Handle<protocol::AuthorizationCode>,
    deferred: protocol::Handle<protocol::DeferredCode>,
    access: protocol::Handle<protocol::AccessToken>,
    family: protocol::FamilyId,
    session: protocol::Handle<protocol::SessionToken>,
    interaction: protocol::Handle<protocol::InteractionToken>,
    grant: protocol::GrantId,
    jti: protocol::JwtId,
}

impl Expiring {
    async fn at(end: Timestamp, store: &dyn Store) -> Self {
        let (mut grant, mut session) = (rows::grant(), rows::session());
        (grant.expires_at, session.expires_at) = (end, end);
        let (mut code, mut access) = (rows::code(&grant), rows::access(&grant));
        (code.expires_at, access.expires_at) = (end, end);
        let mut deferred = rows::deferred();
        deferred.expires_at = end;
        let (mut family, mut interaction) = (rows::family(&grant), rows::interaction());
        (family.expires_at, interaction.expires_at) = (end, end);
        let written = Self {
            code: rows::code_handle(),
            deferred: rows::deferred_handle(),
            access: rows::access_handle(),
            family: family.family,
            session: rows::session_handle(),
            interaction: rows::interaction_handle(),
            grant: grant.id,
            jti: rows::jti(),
        };
        let (mut once, mut item) = (rows::once("swept"), rows::item("swept", None, Some(b"a")));
        (once.until, item.until) = (end, end);
        let commit = Commit::new(NOW)
            .with(CodeChange::Add(written.code, Box::new(code)))
            .with(DeferredChange::Add(written.deferred, Box::new(deferred)))
            .with(TokenChange::AddAccess(written.access, access))
            .with(TokenChange::AddRefresh(rows::refresh_digest(), family))
            .with(SessionChange::Add(written.session, session, 0))
            .with(InteractionChange::Add(written.interaction, interaction))
            .with(TokenChange::RevokeJwt(written.jti.clone(), end))
            .with(once)
            .with(item)
            .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(rows::caller("shop").epoch)));
        let shop = RegistryChange::PutClient(Box::new(rows::client("shop")), Expect::Absent);
        asking::done(store, Commit::new(NOW).with(shop)).await;
        asking::done(store, commit).await;
        written
    }

    async fn there(&self, store: &dyn Store) -> [bool; 8] {
        let grants = store.list_grants(None, None, 9).await.expect("the store works");
        let caller = rows::caller("shop");
        let client = (&caller.id, caller.epoch);
        let revoked = store.jwt_ended(&self.jti, None, client.0, client.1).await.expect("the store works");
        [
            asking::code(store, self.code).await.is_some(),
            asking::access(store, self.access).await.is_some(),
            asking::refresh(store, self.family).await.is_some(),
            asking::session(store, self.session).await.is_some(),
            asking::interaction(store, self.interaction).await.is_some(),
            grants.iter().any(|grant| grant.id == self.grant),
            revoked == Some(server::store::Ended::Token),
            asking::deferred(store, self.deferred).await.is_some(),
        ]
    }
}

pub async fn ended_rows_are_kept_for_an_hour_and_then_swept(f: Fixture) {
    let end = NOW + 60;
    let written = Expiring::at(end, &*f.store).await;
    let lasting = add_lasting(&*f.store).await;
    assert_eq!(sweep(&*f.store, end, 1000).await, 0, "nothing has ended");
    assert_eq!(written.there(&*f.store).await, [true; 8]);
    // Anybody can open an interaction, so it is kept no longer than it can be answered.
    let ended = sweep(&*f.store, end + KEPT_AFTER_END_SECONDS, 1000).await;
    let there = [true, true, true, true, false, true, true, true];
    assert_eq!((written.there(&*f.store).await, ended), (there, 1), "an hour is not yet over");
    let due = end + KEPT_AFTER_END_SECONDS + 1;
    let mut swept = 0;
    for _ in 0..100 {
        let step = sweep(&*f.store, due, 2).await;
        assert!(step <= 2, "a step is bounded");
        swept += step;
        if step == 0 {
            break;
        }
    }
    // Seven readable rows, one single-use value and one item.
    assert_eq!((written.there(&*f.store).await, swept), ([false; 8], 9));
    assert!(asking::access(&*f.store, lasting).await.is_some(), "what has not ended stays");
}

/// Writes an access token that is not swept, with an id like those of the others.
async fn add_lasting(store: &dyn Store) -> protocol::Handle<protocol::AccessToken> {
    let (handle, mut row) = (rows::access_handle(), rows::own_access(&rows::caller("machine")));
    row.expires_at = NOW + 365 * 86_400;
    asking::done(store, Commit::new(NOW).with(TokenChange::AddAccess(handle, row))).await;
    handle
}

pub async fn ended_session_is_swept_and_no_longer_named_by_its_grant(f: Fixture) {
    let (session, mut grant, code) = (rows::session_handle(), rows::grant(), rows::code_handle());
    (grant.session, grant.offline) = (Some(SessionId(session.id)), true);
    let mut row = rows::code(&grant);
    row.expires_at = NOW + 10 * 86_400;
    let commit = Commit::new(NOW)
        .with(SessionChange::Add(session, rows::session(), 0))
        .with(CodeChange::Add(code, Box::new(row)))
        .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)));
    asking::done(&*f.store, commit).await;
    asking::done(&*f.store, Commit::new(NOW).with(rows::ended(Of::Session(SessionId(session.id)), true)))
        .await;
    sweep(&*f.store, rows::session().expires_at + KEPT_AFTER_END_SECONDS + 1, 100).await;
    let read = asking::code(&*f.store, code).await;
    assert_eq!(read.map(|read| read.session_expires_at), Some(None));
}
