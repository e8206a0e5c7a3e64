//! The events of each change. There is no wildcard arm, so that a new change needs a decision about its events here.

use std::collections::HashSet;

use protocol::SessionId;
use smallvec::{SmallVec, smallvec};

use super::{
    Change, Commit, DeferredChange, End, GrantChange, Of, RegistryChange, SessionChange, TokenChange, Why,
};
use crate::store::records::{Event, EventKind};

impl Commit {
    /// The outbox entries that a store appends in the transaction of this commit.
    pub fn events(&self) -> Vec<Event> {
        let (mut events, mut seen) = (Vec::new(), HashSet::new());
        for event in self.guards.iter().chain(&self.writes).flat_map(|change| change.events(self)) {
            if seen.insert(event.clone()) {
                events.push(event);
            }
        }
        events
    }

    /// Whether [`Self::events`] has any.
    pub fn has_events(&self) -> bool {
        self.guards.iter().chain(&self.writes).any(|change| !change.events(self).is_empty())
    }

    /// An event of this commit, without a subject or client yet.
    pub fn event(&self, kind: EventKind) -> Event {
        Event {
            kind,
            at: self.now,
            actor: Some(self.actor.clone()),
            request_id: self.request_id.clone(),
            peer: self.peer,
            subject: None,
            client: None,
            detail: "".into(),
            why: None,
        }
    }
}

impl Change {
    /// Its outbox entries. A change that only starts or continues something has none.
    fn events(&self, commit: &Commit) -> SmallVec<[Event; 2]> {
        let about = |kind, detail: &str| Event { detail: detail.into(), ..commit.event(kind) };
        match self {
            Self::Code(_)
            | Self::Deferred(DeferredChange::Add(..) | DeferredChange::Use(_))
            | Self::Interaction(_)
            | Self::Once(_)
            | Self::Item(_)
            | Self::Refusals(_) => SmallVec::new(),
            Self::Deferred(DeferredChange::Approve(id, _)) => {
                let allowed = Some("allowed".into());
                smallvec![Event { why: allowed, ..about(EventKind::RequestAnswered, &id.to_string()) }]
            }
            Self::Deferred(DeferredChange::Deny(id)) => {
                let denied = Some("denied".into());
                smallvec![Event { why: denied, ..about(EventKind::RequestAnswered, &id.to_string()) }]
            }
            Self::Grant(change) => match change {
                GrantChange::Consent(consent) => smallvec![Event {
                    subject: Some(consent.subject.clone()),
                    client: Some(consent.client.clone()),
                    ..commit.event(EventKind::ConsentGiven)
                }],
                GrantChange::Add(..) | GrantChange::ForgetConsent(..) => SmallVec::new(),
            },
            Self::Session(change) => match change {
                SessionChange::Add(token, session, _) | SessionChange::Renew(token, session, _) => {
                    smallvec![Event {
                        subject: Some(session.subject.clone()),
                        detail: SessionId(token.id).to_string().into(),
                        why: Some(session.amr.clone()),
                        ..commit.event(EventKind::SignedIn)
                    }]
                }
                SessionChange::Touch(..) => SmallVec::new(),
            },
            Self::Token(change) => match change {
                TokenChange::AddAccess(..) | TokenChange::AddRefresh(..) | TokenChange::Rotate { .. } => {
                    SmallVec::new()
                }
                TokenChange::EndAccess(token) => {
                    smallvec![about(EventKind::TokenRevoked, &token.id.to_string())]
                }
                TokenChange::RevokeJwt(jti, _) => smallvec![about(EventKind::TokenRevoked, jti.as_str())],
            },
            Self::Registry(change) => registered(change, commit),
            Self::Key(change) => smallvec![Event {
                why: Some(change.as_str().into()),
                ..about(EventKind::KeyChanged, change.kid())
            }],
            Self::End(end) => ended(end, commit),
        }
    }
}

fn registered(change: &RegistryChange, commit: &Commit) -> SmallVec<[Event; 2]> {
    let about = |kind, detail: &str| Event { detail: detail.into(), ..commit.event(kind) };
    let client = |id: &protocol::ClientId| Event {
        client: Some(id.clone()),
        ..commit.event(EventKind::ClientChanged)
    };
    smallvec![match change {
        // That a client is used says nothing of what it registered.
        RegistryChange::KeepClient(_) => return SmallVec::new(),
        RegistryChange::PutClient(record, _) => client(&record.caller.id),
        RegistryChange::DeleteClient(id) | RegistryChange::DeleteUnused(id) => client(id),
        RegistryChange::PutResource(resource, _) => {
            about(EventKind::ResourceChanged, resource.identifier.as_str())
        }
        RegistryChange::DeleteResource(identifier) => about(EventKind::ResourceChanged, identifier.as_str()),
        RegistryChange::PutScope(scope) => about(EventKind::ScopeChanged, &scope.scope),
        RegistryChange::DeleteScope(scope) => about(EventKind::ScopeChanged, scope),
    }]
}

/// The event of a session's end implies the end of its grants, and that of a subject's end the end of all its grants.
fn ended(end: &End, commit: &Commit) -> SmallVec<[Event; 2]> {
    let event = |kind, detail: String| Event {
        subject: end.subject.clone(),
        client: end.client.clone(),
        detail: detail.into(),
        why: Some(end.why.as_str().into()),
        ..commit.event(kind)
    };
    match (&end.of, end.why) {
        (Of::Grant(id), Why::CodeReplayed) => {
            smallvec![event(EventKind::ReplayDetected, format!("code of grant {id}"))]
        }
        (Of::Grant(id), Why::RefreshReplayed) => {
            smallvec![event(EventKind::ReplayDetected, format!("refresh token of grant {id}"))]
        }
        (Of::Grant(id), _) => smallvec![event(EventKind::GrantsRevoked, id.to_string())],
        (Of::Session(id), _) if end.sessions => smallvec![event(EventKind::SessionEnded, id.to_string())],
        (Of::Session(id), _) => smallvec![event(EventKind::GrantsRevoked, id.to_string())],
        (Of::Subject(_), _) if end.sessions => smallvec![
            event(EventKind::SessionEnded, String::new()),
            event(EventKind::GrantsRevoked, String::new()),
        ],
        (Of::Subject(_) | Of::Client(_), _) => {
            smallvec![event(EventKind::GrantsRevoked, String::new())]
        }
    }
}
