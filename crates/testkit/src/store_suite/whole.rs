//! Commits are atomic, and guards are evaluated before writes.

use protocol::{FamilyId, GrantId, Handle, SessionId, SessionToken};
use server::store::{
    CodeChange, Commit, Ended, Expect, GrantChange, InteractionChange, KeyChange, KeyState, Of,
    RegistryChange, SessionChange, Store, TokenChange, UserBasis,
};

use super::{Fixture, asking, kept, rows, rows::NOW};

/// One row of each kind that a commit can change.
struct Written {
    grant: GrantId,
    code: Handle<protocol::AuthorizationCode>,
    tried: Handle<protocol::AuthorizationCode>,
    access: Handle<protocol::AccessToken>,
    family: FamilyId,
    session: Handle<SessionToken>,
    interaction: Handle<protocol::InteractionToken>,
    cursor: i64,
}

impl Written {
    async fn to(store: &dyn Store) -> Self {
        let grant = rows::grant();
        let family = rows::family(&grant);
        let mut written = Self {
            grant: grant.id,
            code: rows::code_handle(),
            tried: rows::code_handle(),
            access: rows::access_handle(),
            family: family.family,
            session: rows::session_handle(),
            interaction: rows::interaction_handle(),
            cursor: 0,
        };
        let commit = Commit::new(NOW)
            .with(CodeChange::Add(written.code, Box::new(rows::code(&grant))))
            .with(CodeChange::Add(written.tried, Box::new(rows::code(&grant))))
            .with(TokenChange::AddAccess(written.access, rows::access(&grant)))
            .with(TokenChange::AddRefresh(rows::refresh_digest(), family))
            .with(SessionChange::Add(written.session, rows::session(), 0))
            .with(InteractionChange::Add(written.interaction, rows::interaction()))
            .with(RegistryChange::PutScope(rows::scope("orders")))
            .with(KeyChange::Add(rows::key("one")))
            .with(rows::item("k", None, Some(b"a")))
            .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(rows::caller("shop").epoch)));
        let shop = RegistryChange::PutClient(Box::new(rows::client("shop")), Expect::Absent);
        asking::done(store, Commit::new(NOW).with(shop)).await;
        asking::done(store, commit).await;
        written.cursor = asking::cursor(store).await;
        written
    }

    /// A commit that changes every row of it.
    fn change_all(&self) -> Commit {
        let to = rows::refresh_digest();
        Commit::new(NOW)
            .with(CodeChange::Use(self.code))
            .with(TokenChange::Rotate { family: self.family, from: 0, to, at: NOW, expires_at: NOW + 1 })
            .with(InteractionChange::Use(self.interaction, "{}".into()))
            .with(RegistryChange::PutResource(
                Box::new(rows::resource("https://api.example", Some(rows::caller("api")))),
                Expect::Absent,
            ))
            .with(KeyChange::Add(rows::key("two")))
            .with(rows::once("jti-1"))
            .with(rows::item("k", Some(b"a"), Some(b"b")))
            .with(CodeChange::CountTry(self.tried))
            .with(rows::revoked(self.grant))
            .with(TokenChange::EndAccess(self.access))
            .with(rows::ended(Of::Session(SessionId(self.session.id)), true))
            .with(RegistryChange::DeleteClient(rows::client_id("shop")))
            .with(RegistryChange::DeleteScope("orders".to_owned()))
            .with(KeyChange::Delete("one".to_owned(), KeyState::Next))
    }

    /// Whether everything is changed (`true`) or nothing is (`false`).
    async fn assert_changed(&self, store: &dyn Store, changed: bool) {
        let code = asking::code(store, self.code).await.expect("it is kept");
        assert_eq!((code.row.used, code.ended.is_some()), (changed, changed), "code and grant");
        let tried = asking::code(store, self.tried).await.expect("it is kept");
        assert_eq!(tried.row.tries, u32::from(changed), "tries");
        let (_, refresh) = asking::refresh(store, self.family).await.expect("it is kept");
        assert_eq!(refresh.row.generation, u32::from(changed), "generation");
        let access = asking::access(store, self.access).await.expect("it is kept");
        assert_eq!(access.ended.is_some(), changed, "access token");
        assert_eq!(asking::session(store, self.session).await.is_none(), changed, "session");
        let interaction = asking::interaction(store, self.interaction).await.expect("it is kept");
        assert_eq!(interaction.used, changed, "interaction");
        let client = store.client(&rows::client_id("shop")).await.expect("the store works");
        assert_eq!(client.is_none(), changed, "client");
        assert_eq!(!store.resources().await.expect("the store works").is_empty(), changed, "resource");
        assert_eq!(store.scopes().await.expect("the store works").is_empty(), changed, "scope");
        let keys = store.keys().await.expect("the store works");
        let kids: Vec<_> = keys.iter().map(|key| key.kid.as_str()).collect();
        assert_eq!(kids, [if changed { "two" } else { "one" }], "keys");
        let events = store.events(self.cursor, 9).await.expect("the store works");
        assert_eq!(!events.is_empty(), changed, "event");
        let again = Commit::new(NOW).with(rows::once("jti-1"));
        let remembered = asking::outcome(store, again).await.is_err();
        assert_eq!(remembered, changed, "remembered");
        let expected: &[u8] = if changed { b"b" } else { b"a" };
        let item = rows::item("k", Some(expected), Some(b"c"));
        asking::done(store, Commit::new(NOW).with(item)).await;
    }
}

pub async fn all_changes_of_a_commit_are_written(f: Fixture) {
    let written = Written::to(&*f.store).await;
    asking::done(&*f.store, written.change_all()).await;
    written.assert_changed(&*f.store, true).await;
}

pub async fn conflict_rolls_back_every_change(f: Fixture) {
    let written = Written::to(&*f.store).await;
    let mut commit = written.change_all();
    commit.push(CodeChange::Use(rows::code_handle()));
    let last = commit.guards.len() - 1;
    asking::refused(&*f.store, last, commit).await;
    written.assert_changed(&*f.store, false).await;
}

pub async fn the_first_guard_that_failed_is_named(f: Fixture) {
    let used = kept::a_code(&*f.store).await;
    asking::done(&*f.store, Commit::new(NOW).with(CodeChange::Use(used))).await;
    let good = kept::a_code(&*f.store).await;
    let commit = Commit::new(NOW)
        .with(CodeChange::Use(good))
        .with(CodeChange::Use(used))
        .with(CodeChange::Use(rows::code_handle()));
    asking::refused(&*f.store, 1, commit).await;
    asking::done(&*f.store, Commit::new(NOW).with(CodeChange::Use(good))).await;
}

pub async fn a_code_is_not_used_by_the_commit_that_adds_it(f: Fixture) {
    let (grant, handle) = (rows::grant(), rows::code_handle());
    let commit = Commit::new(NOW)
        .with(CodeChange::Use(handle))
        .with(CodeChange::Add(handle, Box::new(rows::code(&grant))))
        .with(GrantChange::Add(Box::new(grant), UserBasis::Subject(0).at(0)));
    asking::refused(&*f.store, 0, commit).await;
    assert_eq!(asking::code(&*f.store, handle).await, None);
}

pub async fn a_guard_does_not_see_what_its_commit_writes(f: Fixture) {
    let client = RegistryChange::PutClient(Box::new(rows::client("shop")), Expect::Absent);
    let key = KeyChange::Add(rows::key("one"));
    asking::done(&*f.store, Commit::new(NOW).with(client.clone()).with(key.clone())).await;
    let delete = RegistryChange::DeleteClient(rows::client_id("shop"));
    asking::refused(&*f.store, 0, Commit::new(NOW).with(delete).with(client)).await;
    let delete = KeyChange::Delete("one".to_owned(), KeyState::Next);
    asking::refused(&*f.store, 0, Commit::new(NOW).with(key).with(delete)).await;
    let there = f.store.client(&rows::client_id("shop")).await.expect("the store works");
    assert!(there.is_some() && f.store.keys().await.expect("the store works").len() == 1);
}

pub async fn attempt_counted_in_the_same_commit_does_not_invalidate_its_code_first(f: Fixture) {
    let handle = kept::a_code(&*f.store).await;
    for _ in 1..protocol::limits::CODE_TRIES_MAX {
        asking::done(&*f.store, Commit::new(NOW).with(CodeChange::CountTry(handle))).await;
    }
    let commit = Commit::new(NOW).with(CodeChange::CountTry(handle)).with(CodeChange::Use(handle));
    asking::done(&*f.store, commit).await;
    let read = asking::code(&*f.store, handle).await.expect("it is kept");
    assert!(read.row.used && read.row.tries == protocol::limits::CODE_TRIES_MAX);
}

pub async fn a_token_added_by_the_commit_that_revokes_its_grant_is_ended(f: Fixture) {
    let (grant, handle) = (rows::grant(), rows::access_handle());
    asking::done(
        &*f.store,
        Commit::new(NOW).with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(0).at(0))),
    )
    .await;
    let commit = Commit::new(NOW)
        .with(rows::revoked(grant.id))
        .with(TokenChange::AddAccess(handle, rows::access(&grant)));
    asking::done(&*f.store, commit).await;
    let read = asking::access(&*f.store, handle).await.expect("it was written");
    assert_eq!(read.ended, Some(Ended::Grant));
}
