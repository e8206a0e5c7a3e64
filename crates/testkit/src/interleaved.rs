//! A store that yields to other tasks, so that races can be tested in memory.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use protocol::{
    AccessToken, AuthorizationCode, ClientId, DeferredCode, DeferredId, FamilyId, GrantId, Handle,
    InteractionToken, JwtId, RefreshToken, SessionId, SessionToken, Stored, Subject, Timestamp, TokenId,
    UserCode,
};
use server::{
    Fault,
    store::{
        Access, AccessRead, Client, Code, Commit, Committed, Conflict, Consent, Deferred, DeferredRead,
        Ended, Event, Grant, Interaction, KeyRecord, Of, Refresh, RefusedRequest, RegistryVersion, Resource,
        Scope, SeenSubject, Session, Store, Through,
    },
};

/// Maximum number of yields per operation.
const YIELDS_MAX: u64 = 4;

/// A store that yields to other tasks after each read and before each commit, a pseudo-random number of times. A
/// store in memory alone never runs anything between a read and its commit, so that a missing guard would not be
/// noticed.
#[derive(Debug)]
pub struct Interleaved<S> {
    store: S,
    state: AtomicU64,
    reads: AtomicU64,
}

impl<S: Store> Interleaved<S> {
    /// Wraps a store. The seed determines the interleaving.
    pub const fn new(store: S, seed: u64) -> Self {
        Self { store, state: AtomicU64::new(seed), reads: AtomicU64::new(0) }
    }

    /// How often the store was read.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    async fn let_others_go_first(&self) {
        for _ in 0..self.draw() % (YIELDS_MAX + 1) {
            tokio::task::yield_now().await;
        }
    }

    /// SplitMix64: each step adds an odd number to the state, and mixes it.
    fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut drawn = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        drawn ^ (drawn >> 31)
    }

    /// Returns the result of a read after yielding, so that it may be outdated.
    async fn looked<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.let_others_go_first().await;
        answer
    }
}

#[async_trait]
impl<S: Store> Store for Interleaved<S> {
    async fn code(
        &self,
        code: Handle<AuthorizationCode>,
    ) -> Result<Option<Stored<AuthorizationCode, Through<Code>>>, Fault> {
        let answer = self.store.code(code).await;
        self.looked(answer).await
    }

    async fn access(
        &self,
        token: Handle<AccessToken>,
    ) -> Result<Option<Stored<AccessToken, AccessRead>>, Fault> {
        let answer = self.store.access(token).await;
        self.looked(answer).await
    }

    async fn refresh(
        &self,
        family: FamilyId,
    ) -> Result<Option<Stored<RefreshToken, Through<Refresh>>>, Fault> {
        let answer = self.store.refresh(family).await;
        self.looked(answer).await
    }

    async fn deferred(
        &self,
        code: Handle<DeferredCode>,
    ) -> Result<Option<Stored<DeferredCode, DeferredRead>>, Fault> {
        let answer = self.store.deferred(code).await;
        self.looked(answer).await
    }

    async fn deferred_by_user_code(&self, code: &UserCode) -> Result<Option<(DeferredId, Deferred)>, Fault> {
        let answer = self.store.deferred_by_user_code(code).await;
        self.looked(answer).await
    }

    async fn list_deferred(
        &self,
        subject: &Subject,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(DeferredId, Deferred)>, Fault> {
        let answer = self.store.list_deferred(subject, now, limit).await;
        self.looked(answer).await
    }

    async fn jwt_ended(
        &self,
        jti: &JwtId,
        grant: Option<GrantId>,
        client: &ClientId,
        epoch: i64,
    ) -> Result<Option<Ended>, Fault> {
        let answer = self.store.jwt_ended(jti, grant, client, epoch).await;
        self.looked(answer).await
    }

    async fn session(
        &self,
        token: Handle<SessionToken>,
    ) -> Result<Option<Stored<SessionToken, Session>>, Fault> {
        let answer = self.store.session(token).await;
        self.looked(answer).await
    }

    async fn subject(&self, subject: &Subject) -> Result<SeenSubject, Fault> {
        let answer = self.store.subject(subject).await;
        self.looked(answer).await
    }

    async fn interaction(
        &self,
        token: Handle<InteractionToken>,
    ) -> Result<Option<Stored<InteractionToken, Interaction>>, Fault> {
        let answer = self.store.interaction(token).await;
        self.looked(answer).await
    }

    async fn consent(&self, subject: &Subject, client: &ClientId) -> Result<Option<Consent>, Fault> {
        let answer = self.store.consent(subject, client).await;
        self.looked(answer).await
    }

    async fn item(&self, space: &str, key: &str) -> Result<Option<(Vec<u8>, Timestamp)>, Fault> {
        let answer = self.store.item(space, key).await;
        self.looked(answer).await
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Fault> {
        let answer = self.store.client(id).await;
        self.looked(answer).await
    }

    async fn resources(&self) -> Result<Vec<Resource>, Fault> {
        let answer = self.store.resources().await;
        self.looked(answer).await
    }

    async fn scopes(&self) -> Result<Vec<Scope>, Fault> {
        let answer = self.store.scopes().await;
        self.looked(answer).await
    }

    async fn keys(&self) -> Result<Vec<KeyRecord>, Fault> {
        let answer = self.store.keys().await;
        self.looked(answer).await
    }

    fn registry_version(&self) -> Result<RegistryVersion, Fault> {
        self.store.registry_version()
    }

    async fn clients_changed(&self, after: i64) -> Result<Option<Vec<ClientId>>, Fault> {
        let answer = self.store.clients_changed(after).await;
        self.looked(answer).await
    }

    async fn unused_clients(&self, now: Timestamp, limit: u32) -> Result<Vec<ClientId>, Fault> {
        let answer = self.store.unused_clients(now, limit).await;
        self.looked(answer).await
    }

    async fn list_clients(&self, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, Fault> {
        let answer = self.store.list_clients(after, limit).await;
        self.looked(answer).await
    }

    async fn list_grants(
        &self,
        of: Option<&Of>,
        after: Option<GrantId>,
        limit: u32,
    ) -> Result<Vec<Grant>, Fault> {
        let answer = self.store.list_grants(of, after, limit).await;
        self.looked(answer).await
    }

    async fn clients_of(&self, of: &Of) -> Result<Vec<ClientId>, Fault> {
        let answer = self.store.clients_of(of).await;
        self.looked(answer).await
    }

    async fn list_sessions(
        &self,
        subject: Option<&Subject>,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionId, Session)>, Fault> {
        let answer = self.store.list_sessions(subject, after, limit).await;
        self.looked(answer).await
    }

    async fn list_introspection_tokens(
        &self,
        caller: &ClientId,
        after: Option<TokenId>,
        limit: u32,
    ) -> Result<Vec<(Handle<AccessToken>, Access)>, Fault> {
        let answer = self.store.list_introspection_tokens(caller, after, limit).await;
        self.looked(answer).await
    }

    async fn events(&self, after: i64, limit: u32) -> Result<Vec<(i64, Event)>, Fault> {
        let answer = self.store.events(after, limit).await;
        self.looked(answer).await
    }

    async fn latest_event(&self) -> Result<i64, Fault> {
        let answer = self.store.latest_event().await;
        self.looked(answer).await
    }

    async fn refusals(&self, request_id: &str) -> Result<Vec<RefusedRequest>, Fault> {
        let answer = self.store.refusals(request_id).await;
        self.looked(answer).await
    }

    async fn newest(&self) -> Result<Timestamp, Fault> {
        let answer = self.store.newest().await;
        self.looked(answer).await
    }

    async fn commit(&self, commit: Commit) -> Result<Result<Committed, Conflict>, Fault> {
        self.let_others_go_first().await;
        self.store.commit(commit).await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        self.let_others_go_first().await;
        self.store.sweep(now, limit).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use server::store::{GrantChange, ScopeAt, memory::MemoryStore};

    use super::*;

    /// Sixteen tasks that read and then write without a guard. Returns the number of those that read nothing and
    /// wrote.
    fn careless_writers(store: Arc<dyn Store>) -> usize {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..16 {
                tasks.spawn(careless_write(store.clone()));
            }
            tasks.join_all().await.into_iter().filter(|wrote| *wrote).count()
        })
    }

    async fn careless_write(store: Arc<dyn Store>) -> bool {
        let consent = Consent {
            subject: Subject::new("alice"),
            client: ClientId::new("shop"),
            approved: [ScopeAt::nowhere("openid")].into(),
            given_at: Timestamp(1),
        };
        let seen = store.consent(&consent.subject, &consent.client).await.expect("memory works");
        if seen.is_some() {
            return false;
        }
        let commit = Commit::new(Timestamp(1)).with(GrantChange::Consent(consent));
        store.commit(commit).await.expect("memory works").expect("it has no guard");
        true
    }

    #[test]
    fn missing_guard_is_not_detected_without_interleaving() {
        assert_eq!(careless_writers(Arc::new(MemoryStore::new())), 1);
    }

    #[test]
    fn missing_guard_is_detected_when_interleaved() {
        let wrote = careless_writers(Arc::new(Interleaved::new(MemoryStore::new(), 1)));
        assert!(wrote > 1, "{wrote} of 16 wrote");
    }
}
