//! The maps, and reads that join several of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::{
    AccessToken, Audience, AuthorizationCode, ClientId, DeferredCode, Digest, FamilyId, GrantId,
    InteractionToken, JwtId, RefreshToken, SessionId, SessionToken, Subject, Timestamp,
};

use crate::store::{
    Access, CLIENT_CHANGES_KEPT, Caller, Client, Code, Consent, Deferred, Ended, Event, Grant,
    INTERACTION_KEPT_AFTER_END_SECONDS, Interaction, KEPT_AFTER_END_SECONDS, KeyRecord, Of,
    REFUSALS_KEPT_SECONDS, Refresh, RefusedRequest, RegistryVersion, Resource, Scope, Session, Space,
    Through,
};

/// The whole state of one issuer.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) newest: Timestamp,
    pub(super) registry_version: RegistryVersion,
    /// The latest changes of clients, the oldest first, each with the version that it led to.
    pub(super) client_changes: VecDeque<(i64, ClientId)>,
    pub(super) codes: BTreeMap<i64, (Digest<AuthorizationCode>, Code)>,
    pub(super) deferred: BTreeMap<i64, (Digest<DeferredCode>, Deferred)>,
    pub(super) grants: BTreeMap<GrantId, GrantRow>,
    pub(super) consents: BTreeMap<(Subject, ClientId), Consent>,
    pub(super) access: BTreeMap<i64, AccessRow>,
    pub(super) families: BTreeMap<FamilyId, (Digest<RefreshToken>, Refresh)>,
    /// Revoked JWT access tokens, each with its `exp`.
    pub(super) revoked: BTreeMap<JwtId, Timestamp>,
    pub(super) sessions: BTreeMap<SessionId, SessionRow>,
    /// The number of times each subject was ended, if it was.
    pub(super) subjects: BTreeMap<Subject, i64>,
    /// The subjects of the accounts that a host stores beside it.
    pub(super) accounts: BTreeSet<Subject>,
    pub(super) interactions: BTreeMap<i64, (Digest<InteractionToken>, Interaction)>,
    /// The credentials of clients and resources. Of the copies in `clients` and `resources` only the id is used.
    pub(super) callers: BTreeMap<ClientId, Caller>,
    pub(super) clients: BTreeMap<ClientId, Client>,
    pub(super) resources: BTreeMap<Audience, Resource>,
    pub(super) scopes: BTreeMap<String, Scope>,
    pub(super) keys: BTreeMap<String, KeyRecord>,
    pub(super) remembered: BTreeMap<(Space, Box<str>), Timestamp>,
    pub(super) items: BTreeMap<(Box<str>, Box<str>), ItemRow>,
    pub(super) events: Vec<Event>,
    /// The oldest first.
    pub(super) refusals: VecDeque<RefusedRequest>,
}

#[derive(Debug)]
pub(super) struct GrantRow {
    pub(super) row: Grant,
    pub(super) ended_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct AccessRow {
    pub(super) digest: Digest<AccessToken>,
    pub(super) row: Access,
    pub(super) ended: bool,
}

#[derive(Debug)]
pub(super) struct SessionRow {
    pub(super) digest: Digest<SessionToken>,
    pub(super) row: Session,
    pub(super) ended_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct ItemRow {
    pub(super) value: Vec<u8>,
    pub(super) until: Timestamp,
}

impl State {
    /// The number of times a subject was ended.
    pub(super) fn version_of(&self, subject: &Subject) -> i64 {
        self.subjects.get(subject).copied().unwrap_or_default()
    }

    /// A row with the grant it was issued from; `None` if that was deleted.
    pub(super) fn through<T>(&self, grant: GrantId, row: T) -> Option<Through<T>> {
        let kept = self.grants.get(&grant)?;
        let session = kept.row.session.and_then(|id| self.sessions.get(&id));
        Some(Through {
            row,
            grant: kept.row.clone(),
            ended: kept.ended_at.map(|_| Ended::Grant),
            session_expires_at: session
                .filter(|session| session.ended_at.is_none())
                .map(|session| session.row.expires_at),
        })
    }

    /// What ended the tokens of this grant, or, without a grant, of this client at this epoch.
    pub(super) fn ended(&self, grant: Option<GrantId>, client: &ClientId, epoch: i64) -> Option<Ended> {
        let caller = self.callers.get(client);
        let client_stands = caller.is_some_and(|caller| !caller.disabled && caller.epoch == epoch);
        if let Some(grant) = grant {
            let kept = self.grants.get(&grant).filter(|kept| kept.ended_at.is_none());
            // An exchanged token is another client's than its grant: it ends with both.
            let stands = kept.is_some_and(|kept| kept.row.client == *client || client_stands);
            return (!stands).then_some(Ended::Grant);
        }
        (!client_stands).then_some(Ended::Client)
    }

    /// Counts a change of a client.
    pub(super) fn client_changed(&mut self, id: &ClientId) {
        self.registry_version.clients += 1;
        self.registry_version.rest += i64::from(self.resource_shares(id));
        self.client_changes.push_back((self.registry_version.clients, id.clone()));
        if self.client_changes.len() > CLIENT_CHANGES_KEPT as usize {
            self.client_changes.pop_front();
        }
    }

    /// A client with its credentials as they are now.
    pub(super) fn with_caller(&self, client: &Client) -> Client {
        let mut client = client.clone();
        if let Some(caller) = self.callers.get(&client.caller.id) {
            client.caller = caller.clone();
        }
        client
    }

    /// A resource with its credentials as they are now, which may be those of a client.
    pub(super) fn with_shared_caller(&self, resource: &Resource) -> Resource {
        let mut resource = resource.clone();
        resource.caller = resource.caller.and_then(|caller| self.callers.get(&caller.id).cloned());
        resource
    }

    /// Whether a resource uses these credentials.
    pub(super) fn resource_shares(&self, id: &ClientId) -> bool {
        self.resources
            .values()
            .any(|resource| resource.caller.as_ref().is_some_and(|caller| caller.id == *id))
    }

    /// Deletes at most `limit` rows that ended more than [`KEPT_AFTER_END_SECONDS`] before `now`.
    pub(super) fn sweep(&mut self, now: Timestamp, limit: u32) -> u32 {
        let mut left = limit;
        let mut due_after = |end: Timestamp, kept: i64| {
            let goes = left > 0 && now.since(end) > kept;
            left -= u32::from(goes);
            !goes
        };
        self.interactions.retain(|_, (_, row)| due_after(row.expires_at, INTERACTION_KEPT_AFTER_END_SECONDS));
        self.refusals.retain(|refused| due_after(refused.at, REFUSALS_KEPT_SECONDS));
        let mut due = |end: Timestamp| due_after(end, KEPT_AFTER_END_SECONDS);
        self.codes.retain(|_, (_, row)| due(row.expires_at));
        self.deferred.retain(|_, (_, row)| due(row.expires_at));
        self.access.retain(|_, kept| due(kept.row.expires_at));
        self.families.retain(|_, (_, row)| due(row.expires_at));
        self.revoked.retain(|_, exp| due(*exp));
        self.remembered.retain(|_, until| due(*until));
        self.items.retain(|_, item| due(item.until));
        self.sessions.retain(|_, kept| due(end(kept.row.expires_at, kept.ended_at)));
        self.grants.retain(|_, kept| due(end(kept.row.expires_at, kept.ended_at)));
        limit - left
    }
}

/// Whether the grant is selected.
pub(super) fn is_of(grant: &Grant, of: &Of) -> bool {
    match of {
        Of::Grant(id) => grant.id == *id,
        Of::Session(session) => grant.session == Some(*session),
        Of::Subject(subject) => grant.subject == *subject,
        Of::Client(client) => grant.client == *client,
    }
}

fn end(expires_at: Timestamp, ended_at: Option<Timestamp>) -> Timestamp {
    ended_at.map_or(expires_at, |ended_at| ended_at.min(expires_at))
}
