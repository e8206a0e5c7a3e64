//! A store in memory, for tests and examples.

mod applying;
mod deferred;
mod ending;
mod guards;
mod state;

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use protocol::{
    AccessToken, AuthorizationCode, ClientId, DeferredCode, DeferredId, FamilyId, GrantId, Handle,
    InteractionToken, JwtId, RefreshToken, SessionId, SessionToken, Stored, Subject, Timestamp, TokenId,
    UserCode,
};

use super::{
    Access, AccessRead, Client, Code, Commit, Committed, Conflict, Consent, Deferred, DeferredRead, Ended,
    Event, Grant, Interaction, KeyRecord, Of, Refresh, RefusedRequest, RegistryVersion, Resource, Scope,
    SeenSubject, Session, Store, Through,
};
use crate::error::Fault;
use state::{AccessRow, State};

/// A store for one issuer, in memory. For tests and examples: nothing is durable, nothing waits, and a list reads every
/// row.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

/// What a host writes in the transaction of a commit.
#[derive(Debug, Default)]
pub struct HostWrites {
    /// The host's events for the outbox.
    pub events: Vec<Event>,
    /// Subjects of new accounts: no client gets one of them as its id.
    pub added: Vec<Subject>,
    /// Deleted subjects, whose consent is forgotten.
    pub forgotten: Vec<Subject>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Commits, and lets a host write its own state in the same transaction: `host` is called once every guard
    /// holds, and what it returns is written with the commit. If a guard of the host fails, it returns the index of that guard,
    /// which is counted after the guards of the commit, and nothing is written. It is told which ids clients and resources
    /// have.
    ///
    /// # Errors
    /// [`Conflict`]
    pub fn commit_with(
        &self,
        commit: Commit,
        host: impl FnOnce(&dyn Fn(&str) -> bool) -> Result<HostWrites, usize>,
    ) -> Result<Committed, Conflict> {
        let mut state = self.state();
        // All guards are evaluated on the state before the commit.
        let failed = commit.guards.iter().position(|change| !state.holds(change, commit.now));
        if let Some(guard) = failed {
            return Err(Conflict { guard });
        }
        let is_caller = |id: &str| state.callers.contains_key(id);
        let HostWrites { events, added, forgotten } =
            host(&is_caller).map_err(|guard| Conflict { guard: commit.guards.len() + guard })?;
        state.newest = state.newest.max(commit.now);
        state.events.extend(events);
        state.events.extend(commit.events());
        state.consents.retain(|(subject, _), _| !forgotten.contains(subject));
        state.accounts.retain(|subject| !forgotten.contains(subject));
        state.accounts.extend(added);
        let mut committed = Committed::default();
        for change in commit.guards.into_iter().chain(commit.writes) {
            let ended = state.apply(change, commit.now);
            committed.sessions += ended.sessions;
            committed.grants += ended.grants;
        }
        Ok(committed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn code(
        &self,
        code: Handle<AuthorizationCode>,
    ) -> Result<Option<Stored<AuthorizationCode, Through<Code>>>, Fault> {
        let state = self.state();
        let Some((digest, row)) = state.codes.get(&code.id) else { return Ok(None) };
        let through = state.through(row.grant, row.clone());
        Ok(through.map(|through| Stored::new(*digest, through)))
    }

    async fn access(
        &self,
        token: Handle<AccessToken>,
    ) -> Result<Option<Stored<AccessToken, AccessRead>>, Fault> {
        let state = self.state();
        let Some(kept) = state.access.get(&token.id) else { return Ok(None) };
        let row = kept.row.clone();
        let ended =
            if kept.ended { Some(Ended::Token) } else { state.ended(row.grant, &row.client, row.epoch) };
        Ok(Some(Stored::new(kept.digest, AccessRead { row, ended })))
    }

    async fn refresh(
        &self,
        family: FamilyId,
    ) -> Result<Option<Stored<RefreshToken, Through<Refresh>>>, Fault> {
        let state = self.state();
        let Some((digest, row)) = state.families.get(&family) else { return Ok(None) };
        let through = state.through(row.grant, row.clone());
        Ok(through.map(|through| Stored::new(*digest, through)))
    }

    async fn deferred(
        &self,
        code: Handle<DeferredCode>,
    ) -> Result<Option<Stored<DeferredCode, DeferredRead>>, Fault> {
        let state = self.state();
        Ok(state.deferred.get(&code.id).map(|(digest, row)| Stored::new(*digest, state.deferred_read(row))))
    }

    async fn deferred_by_user_code(&self, code: &UserCode) -> Result<Option<(DeferredId, Deferred)>, Fault> {
        Ok(self.state().deferred_by_user_code(code))
    }

    async fn list_deferred(
        &self,
        subject: &Subject,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(DeferredId, Deferred)>, Fault> {
        Ok(self.state().list_deferred(subject, now, limit))
    }

    async fn jwt_ended(
        &self,
        jti: &JwtId,
        grant: Option<GrantId>,
        client: &ClientId,
        epoch: i64,
    ) -> Result<Option<Ended>, Fault> {
        let state = self.state();
        if state.revoked.contains_key(jti) {
            return Ok(Some(Ended::Token));
        }
        Ok(state.ended(grant, client, epoch))
    }

    async fn session(
        &self,
        token: Handle<SessionToken>,
    ) -> Result<Option<Stored<SessionToken, Session>>, Fault> {
        let state = self.state();
        let kept = state.sessions.get(&SessionId(token.id)).filter(|kept| kept.ended_at.is_none());
        Ok(kept.map(|kept| Stored::new(kept.digest, kept.row.clone())))
    }

    async fn subject(&self, subject: &Subject) -> Result<SeenSubject, Fault> {
        let version = self.state().version_of(subject);
        Ok(SeenSubject { subject: subject.clone(), version })
    }

    async fn interaction(
        &self,
        token: Handle<InteractionToken>,
    ) -> Result<Option<Stored<InteractionToken, Interaction>>, Fault> {
        let state = self.state();
        Ok(state.interactions.get(&token.id).map(|(digest, row)| Stored::new(*digest, row.clone())))
    }

    async fn consent(&self, subject: &Subject, client: &ClientId) -> Result<Option<Consent>, Fault> {
        Ok(self.state().consents.get(&(subject.clone(), client.clone())).cloned())
    }

    async fn item(&self, space: &str, key: &str) -> Result<Option<(Vec<u8>, Timestamp)>, Fault> {
        let state = self.state();
        let kept = state.items.get(&(space.into(), key.into()));
        Ok(kept.map(|item| (item.value.clone(), item.until)))
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Fault> {
        let state = self.state();
        Ok(state.clients.get(id).map(|client| state.with_caller(client)))
    }

    async fn resources(&self) -> Result<Vec<Resource>, Fault> {
        let state = self.state();
        Ok(state.resources.values().map(|resource| state.with_shared_caller(resource)).collect())
    }

    async fn scopes(&self) -> Result<Vec<Scope>, Fault> {
        Ok(self.state().scopes.values().cloned().collect())
    }

    async fn keys(&self) -> Result<Vec<KeyRecord>, Fault> {
        Ok(self.state().keys.values().cloned().collect())
    }

    fn registry_version(&self) -> Result<RegistryVersion, Fault> {
        Ok(self.state().registry_version)
    }

    async fn clients_changed(&self, after: i64) -> Result<Option<Vec<ClientId>>, Fault> {
        let state = self.state();
        let later = state.client_changes.iter().filter(|(version, _)| *version > after);
        let later: Vec<_> = later.map(|(_, id)| id.clone()).collect();
        let is_whole = i64::try_from(later.len()).ok() == Some(state.registry_version.clients - after);
        Ok(is_whole.then_some(later))
    }

    async fn unused_clients(&self, now: Timestamp, limit: u32) -> Result<Vec<ClientId>, Fault> {
        let state = self.state();
        let is_due = |client: &&Client| client.registered.unused_until.is_some_and(|until| until < now);
        let due = state.clients.values().filter(is_due).take(limit as usize);
        Ok(due.map(|client| client.caller.id.clone()).collect())
    }

    async fn list_clients(&self, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, Fault> {
        let state = self.state();
        let later =
            state.clients.values().filter(|client| after.is_none_or(|after| &client.caller.id > after));
        Ok(later.take(limit as usize).map(|client| state.with_caller(client)).collect())
    }

    async fn list_grants(
        &self,
        of: Option<&Of>,
        after: Option<GrantId>,
        limit: u32,
    ) -> Result<Vec<Grant>, Fault> {
        let state = self.state();
        let standing = state.grants.values().filter(|kept| {
            kept.ended_at.is_none()
                && after.is_none_or(|after| kept.row.id > after)
                && of.is_none_or(|of| state::is_of(&kept.row, of))
        });
        Ok(standing.take(limit as usize).map(|kept| kept.row.clone()).collect())
    }

    async fn clients_of(&self, of: &Of) -> Result<Vec<ClientId>, Fault> {
        let state = self.state();
        let kept = state.grants.values().filter(|kept| state::is_of(&kept.row, of));
        let clients: BTreeSet<_> = kept.map(|kept| kept.row.client.clone()).collect();
        Ok(clients.into_iter().collect())
    }

    async fn list_sessions(
        &self,
        subject: Option<&Subject>,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionId, Session)>, Fault> {
        let state = self.state();
        let standing = state.sessions.iter().filter(|(id, kept)| {
            kept.ended_at.is_none()
                && after.is_none_or(|after| **id > after)
                && subject.is_none_or(|subject| kept.row.subject == *subject)
        });
        Ok(standing.take(limit as usize).map(|(id, kept)| (*id, kept.row.clone())).collect())
    }

    async fn list_introspection_tokens(
        &self,
        caller: &ClientId,
        after: Option<TokenId>,
        limit: u32,
    ) -> Result<Vec<(Handle<AccessToken>, Access)>, Fault> {
        let state = self.state();
        let live = state.access.iter().filter(|(id, kept)| {
            let row = &kept.row;
            row.client == *caller
                && row.only_introspects()
                && !kept.ended
                && after.is_none_or(|after| **id > after.0)
                && state.ended(row.grant, &row.client, row.epoch).is_none()
        });
        let handle = |id: i64, kept: &AccessRow| Handle { id, digest: kept.digest };
        Ok(live.take(limit as usize).map(|(id, kept)| (handle(*id, kept), kept.row.clone())).collect())
    }

    async fn events(&self, after: i64, limit: u32) -> Result<Vec<(i64, Event)>, Fault> {
        let state = self.state();
        let later = (1..).zip(&state.events).filter(|(cursor, _)| *cursor > after);
        Ok(later.take(limit as usize).map(|(cursor, event)| (cursor, event.clone())).collect())
    }

    async fn latest_event(&self) -> Result<i64, Fault> {
        i64::try_from(self.state().events.len()).map_err(Fault::new)
    }

    async fn refusals(&self, request_id: &str) -> Result<Vec<RefusedRequest>, Fault> {
        let state = self.state();
        let named = state.refusals.iter().filter(|refused| *refused.request_id == *request_id);
        Ok(named.cloned().collect())
    }

    async fn newest(&self) -> Result<Timestamp, Fault> {
        Ok(self.state().newest)
    }

    async fn commit(&self, commit: Commit) -> Result<Result<Committed, Conflict>, Fault> {
        Ok(self.commit_with(commit, |_| Ok(HostWrites::default())))
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        Ok(self.state().sweep(now, limit))
    }
}
