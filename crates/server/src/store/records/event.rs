//! The outbox: events for other systems, appended in the commit of the change and delivered by cursor, at least once.

use std::net::IpAddr;

use protocol::{ClientId, Subject, Timestamp};

/// An entry of the outbox. Stores derive it from the changes of a commit
/// ([`Commit::events`](crate::store::Commit::events)); nothing else makes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// Who caused it; `None` if it was written before actors were recorded.
    pub actor: Option<Actor>,
    /// The id of the request that caused it, as in the log.
    pub request_id: Option<Box<str>>,
    /// The address that the request came from.
    pub peer: Option<IpAddr>,
    /// The subject it concerns.
    pub subject: Option<Subject>,
    /// The client it concerns.
    pub client: Option<ClientId>,
    /// The row it concerns (grant, session, key), as text. Never a secret.
    pub detail: Box<str>,
    /// Why something ended early, the name of a [`Why`](crate::store::Why); what became of a signing key; how a user
    /// signed in.
    pub why: Option<Box<str>>,
}

/// Who causes a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A client, at an endpoint.
    Client(ClientId),
    /// A user, on a page.
    User(Subject),
    /// An operator: the name of the tool, or of the person if it is known.
    Operator(Box<str>),
    /// The server itself.
    Server,
}

impl Actor {
    /// Its text in the store and in the audit trail.
    pub fn to_text(&self) -> String {
        match self {
            Self::Client(id) => format!("client:{id}"),
            Self::User(subject) => format!("user:{subject}"),
            Self::Operator(name) => format!("operator:{name}"),
            Self::Server => "server".to_owned(),
        }
    }

    /// Parses the text.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "server" {
            return Some(Self::Server);
        }
        match text.split_once(':')? {
            ("client", id) => Some(Self::Client(ClientId::new(id))),
            ("user", subject) => Some(Self::User(Subject::new(subject))),
            ("operator", name) => Some(Self::Operator(name.into())),
            _ => None,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident, $word:literal;)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])+ $kind,)+
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Its name in the store and in the audit trail.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)+
                }
            }
        }
    };
}

kinds! {
    /// An account was made, disabled, enabled, or its password changed.
    AccountChanged, "account_changed";
    /// A client was registered, changed or deleted.
    ClientChanged, "client_changed";
    /// A user consented to what a client requested.
    ConsentGiven, "consent_given";
    /// One or more grants ended early.
    GrantsRevoked, "grants_revoked";
    /// A signing key was added, changed its state, or was deleted.
    KeyChanged, "key_changed";
    /// A code or refresh token was presented a second time, and its grant was ended.
    ReplayDetected, "replay_detected";
    /// A user answered what a client asked for from elsewhere.
    RequestAnswered, "request_answered";
    /// A resource was registered, changed or deleted.
    ResourceChanged, "resource_changed";
    /// A scope was registered, changed or deleted.
    ScopeChanged, "scope_changed";
    /// A session, or every session of a subject, ended early.
    SessionEnded, "session_ended";
    /// A user signed in.
    SignedIn, "signed_in";
    /// One access token ended early.
    TokenRevoked, "token_revoked";
}

impl EventKind {
    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_read_as_it_was_written() {
        let named = [
            Actor::Client(ClientId::new("https://client.example")),
            Actor::User(Subject::new("a:b")),
            Actor::Operator("cli".into()),
            Actor::Server,
        ];
        for actor in named {
            assert_eq!(Actor::parse(&actor.to_text()), Some(actor));
        }
        assert_eq!(Actor::parse("robot:7"), None);
    }
}
