//! Two issuers over one storage are isolated from each other.

use protocol::{Audience, GrantId, SessionId};
use server::store::{
    CodeChange, Commit, Consent, Ended, Expect, GrantChange, InteractionChange, KeyChange, KeyState, Of,
    RegistryChange, ScopeAt, SessionChange, Store, TokenChange, UserBasis,
};

use super::{Fixture, asking, rows, rows::NOW};

/// The rows of one issuer, one of each kind.
struct Written {
    grant: server::store::Grant,
    family: server::store::Refresh,
    code: protocol::Handle<protocol::AuthorizationCode>,
    access: protocol::Handle<protocol::AccessToken>,
    own: protocol::Handle<protocol::AccessToken>,
    session: protocol::Handle<protocol::SessionToken>,
    interaction: protocol::Handle<protocol::InteractionToken>,
}

impl Written {
    /// Writes a row of each kind. Names are the same for every issuer.
    async fn to(store: &dyn Store) -> Self {
        let session = rows::session_handle();
        let mut grant = rows::grant();
        grant.session = Some(SessionId(session.id));
        let written = Self {
            family: rows::family(&grant),
            grant,
            code: rows::code_handle(),
            access: rows::access_handle(),
            own: rows::access_handle(),
            session,
            interaction: rows::interaction_handle(),
        };
        let seen = store.subject(&written.grant.subject).await.expect("the store works");
        asking::done(store, written.added(seen.version)).await;
        written
    }

    fn added(&self, version: i64) -> Commit {
        let (grant, api) = (&self.grant, rows::resource("https://api.example", Some(rows::caller("api"))));
        let consent = Consent {
            subject: grant.subject.clone(),
            client: grant.client.clone(),
            approved: [ScopeAt::nowhere("openid")].into(),
            given_at: NOW,
        };
        Commit::new(NOW)
            .with(CodeChange::Add(self.code, Box::new(rows::code(grant))))
            .with(GrantChange::Add(Box::new(grant.clone()), UserBasis::Subject(version).at(0)))
            .with(TokenChange::AddAccess(self.access, rows::access(grant)))
            .with(TokenChange::AddAccess(self.own, rows::own_access(&rows::caller("shop"))))
            .with(TokenChange::AddRefresh(rows::refresh_digest(), self.family.clone()))
            .with(SessionChange::Add(self.session, rows::session(), version))
            .with(InteractionChange::Add(self.interaction, rows::interaction()))
            .with(RegistryChange::PutClient(Box::new(rows::client("shop")), Expect::Absent))
            .with(RegistryChange::PutResource(Box::new(api), Expect::Absent))
            .with(RegistryChange::PutScope(rows::scope("orders")))
            .with(KeyChange::Add(rows::key("one")))
            .with(rows::once("jti-1"))
            .with(rows::item("k", None, Some(b"a")))
            .with(GrantChange::Consent(consent))
    }

    /// Every change without guard that could touch a row of it.
    fn attacked(&self) -> Commit {
        let mut commit = Commit::new(NOW)
            .with(CodeChange::CountTry(self.code))
            .with(rows::revoked(self.grant.id))
            .with(GrantChange::ForgetConsent(self.grant.subject.clone(), self.grant.client.clone()))
            .with(TokenChange::EndAccess(self.access))
            .with(TokenChange::RevokeJwt(protocol::JwtId::new("jti-1"), NOW + 600))
            .with(SessionChange::Touch(SessionId(self.session.id), NOW + 77))
            .with(RegistryChange::DeleteClient(rows::client_id("shop")))
            .with(RegistryChange::DeleteResource(Audience::new("https://api.example")))
            .with(RegistryChange::DeleteScope("orders".to_owned()));
        let session = Of::Session(SessionId(self.session.id));
        for of in [session, Of::Subject(self.grant.subject.clone()), Of::Client(self.grant.client.clone())] {
            commit.push(rows::ended(of, false));
        }
        commit
    }

    async fn assert_untouched(&self, store: &dyn Store) {
        let code = asking::code(store, self.code).await.expect("there");
        assert_eq!((&code.row, code.ended), (&rows::code(&self.grant), None));
        assert_eq!(code.session_expires_at, Some(rows::session().expires_at));
        assert_eq!(asking::access(store, self.access).await.expect("there").ended, None);
        assert_eq!(asking::access(store, self.own).await.expect("there").ended, None);
        let (_, refresh) = asking::refresh(store, self.family.family).await.expect("there");
        assert_eq!((refresh.row, refresh.ended), (self.family.clone(), None));
        assert_eq!(asking::session(store, self.session).await, Some(rows::session()));
        let interaction = asking::interaction(store, self.interaction).await.expect("there");
        assert!(!interaction.used);
        let consent = store.consent(&self.grant.subject, &self.grant.client).await.expect("the store works");
        assert!(consent.is_some());
        let client = store.client(&rows::client_id("shop")).await.expect("the store works");
        assert_eq!(client, Some(rows::client("shop")));
        assert_eq!(store.resources().await.expect("the store works").len(), 1);
        assert_eq!(store.scopes().await.expect("the store works"), [rows::scope("orders")]);
        assert_eq!(store.keys().await.expect("the store works"), [rows::key("one")]);
        let seen = store.subject(&self.grant.subject).await.expect("the store works");
        assert_eq!(seen.version, 0, "the end of a subject of another issuer");
        let ended = self.jwt_ended(store).await;
        assert_eq!(ended, None);
    }

    async fn jwt_ended(&self, store: &dyn Store) -> Option<Ended> {
        let client = (&self.grant.client, 7);
        let jti = protocol::JwtId::new("jti-1");
        store.jwt_ended(&jti, Some(self.grant.id), client.0, client.1).await.expect("the store works")
    }
}

pub async fn another_issuer_sees_no_secret(f: Fixture) {
    let written = Written::to(&*f.store).await;
    let other = &*f.other;
    assert_eq!(asking::code(other, written.code).await, None);
    assert_eq!(asking::access(other, written.access).await, None);
    assert_eq!(asking::access(other, written.own).await, None);
    assert_eq!(asking::refresh(other, written.family.family).await, None);
    assert_eq!(asking::session(other, written.session).await, None);
    assert_eq!(asking::interaction(other, written.interaction).await, None);
    assert_eq!(written.jwt_ended(other).await, Some(Ended::Grant), "it is no grant of the other issuer");
    let (jti, caller) = (rows::jti(), rows::caller("shop"));
    let client = (&caller.id, caller.epoch);
    let ended = other.jwt_ended(&jti, None, client.0, client.1).await.expect("the store works");
    assert_eq!(ended, Some(Ended::Client), "it is no client of the other issuer");
}

pub async fn another_issuer_sees_no_record_and_no_list(f: Fixture) {
    let written = Written::to(&*f.store).await;
    let (other, grant) = (&*f.other, &written.grant);
    assert_eq!(other.consent(&grant.subject, &grant.client).await.expect("the store works"), None);
    assert_eq!(other.client(&rows::client_id("shop")).await.expect("the store works"), None);
    assert_eq!(other.item("device", "k").await.expect("the store works"), None);
    assert_eq!(other.resources().await.expect("the store works"), []);
    assert_eq!(other.scopes().await.expect("the store works"), []);
    assert_eq!(other.keys().await.expect("the store works"), []);
    assert_eq!(other.list_clients(None, 9).await.expect("the store works"), []);
    assert_eq!(other.list_grants(None, None, 9).await.expect("the store works"), []);
    let of = Of::Subject(grant.subject.clone());
    assert_eq!(other.list_grants(Some(&of), Some(GrantId(0)), 9).await.expect("the store works"), []);
    assert_eq!(other.list_sessions(None, None, 9).await.expect("the store works"), []);
    let sessions = other.list_sessions(Some(&grant.subject), None, 9).await.expect("the store works");
    assert_eq!(sessions, []);
    assert_eq!(other.events(0, 9).await.expect("the store works"), []);
}

pub async fn names_of_one_issuer_are_free_for_another(f: Fixture) {
    let written = Written::to(&*f.store).await;
    let others = Written::to(&*f.other).await;
    written.assert_untouched(&*f.store).await;
    others.assert_untouched(&*f.other).await;
}

pub async fn changes_of_another_issuer_affect_nothing(f: Fixture) {
    let written = Written::to(&*f.store).await;
    asking::done(&*f.other, written.attacked()).await;
    written.assert_untouched(&*f.store).await;
    let others = Written::to(&*f.other).await;
    asking::done(&*f.other, others.attacked()).await;
    written.assert_untouched(&*f.store).await;
}

pub async fn guards_of_another_issuer_do_not_apply_to_these_rows(f: Fixture) {
    let written = Written::to(&*f.store).await;
    let (family, to) = (written.family.family, rows::refresh_digest());
    let changes: [server::store::Change; 8] = [
        CodeChange::Use(written.code).into(),
        TokenChange::Rotate { family, from: 0, to, at: NOW, expires_at: NOW + 9 }.into(),
        SessionChange::Renew(written.session, rows::session(), 0).into(),
        InteractionChange::Use(written.interaction, "{}".into()).into(),
        InteractionChange::Update(written.interaction, "{}".into()).into(),
        rows::item("k", Some(b"a"), Some(b"b")).into(),
        KeyChange::Activate("one".to_owned(), NOW).into(),
        KeyChange::Delete("one".to_owned(), KeyState::Next).into(),
    ];
    for change in changes {
        asking::refused(&*f.other, 0, Commit::new(NOW).with(change)).await;
    }
    written.assert_untouched(&*f.store).await;
}
