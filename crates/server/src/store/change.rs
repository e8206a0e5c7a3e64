//! What may be written, as values. Each change documents its guard: the condition under which it is applied.
//!
//! Guards are about the state *before* the commit, and no write may rely on an earlier one of the same commit.
//! A guard is part of the statement that writes (`UPDATE .. WHERE used_at IS NULL` and its row count), never a
//! separate read before it.

mod code;
mod deferred;
mod end;
mod events;
mod grant;
mod interaction;
mod item;
mod key;
mod once;
mod refusal;
mod registry;
mod session;
mod token;

use std::net::IpAddr;

pub use code::CodeChange;
pub use deferred::DeferredChange;
pub use end::{End, Of, Why};
pub use grant::{Basis, GrantChange, UserBasis};
pub use interaction::InteractionChange;
pub use item::Item;
pub use key::KeyChange;
pub use once::{Remember, Space};
use protocol::Timestamp;
pub use refusal::KeepRefusals;
pub use registry::{Expect, RegistryChange};
pub use session::SessionChange;
pub use token::TokenChange;

use super::records::Actor;

/// Everything that one decision writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The time of the decision. Guards compare with it, never with the store's own clock.
    pub now: Timestamp,
    /// Who causes it, for the events that are derived from the changes.
    pub actor: Actor,
    /// The request that causes it, for the same events.
    pub request_id: Option<Box<str>>,
    /// The address that the request came from, for the same events.
    pub peer: Option<IpAddr>,
    /// Changes with a guard, the most contended first.
    pub guards: Vec<Change>,
    /// Changes without a guard.
    pub writes: Vec<Change>,
}

impl Commit {
    /// An empty commit, caused by the server itself.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            actor: Actor::Server,
            request_id: None,
            peer: None,
            guards: Vec::new(),
            writes: Vec::new(),
        }
    }

    /// Sets who causes it.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// Adds a change, to [`Self::guards`] if it has a guard and else to [`Self::writes`].
    #[must_use]
    pub fn with(mut self, change: impl Into<Change>) -> Self {
        self.push(change);
        self
    }

    /// As [`Self::with`], in place.
    pub fn push(&mut self, change: impl Into<Change>) {
        let change = change.into();
        if change.is_guarded() {
            self.guards.push(change);
        } else {
            self.writes.push(change);
        }
    }

    /// Whether it has no changes; such a commit never reaches the store.
    pub fn is_empty(&self) -> bool {
        self.guards.is_empty() && self.writes.is_empty()
    }
}

/// One change, by kind of record.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Authorization codes.
    Code(CodeChange),
    /// Requests that their user answers elsewhere.
    Deferred(DeferredChange),
    /// Grants and remembered consent.
    Grant(GrantChange),
    /// Access and refresh tokens.
    Token(TokenChange),
    /// Sessions.
    Session(SessionChange),
    /// Interactions.
    Interaction(InteractionChange),
    /// Clients, resources, scopes.
    Registry(RegistryChange),
    /// Signing keys.
    Key(KeyChange),
    /// Values that are accepted only once.
    Once(Remember),
    /// A value of an extension grant.
    Item(Item),
    /// Early ends of sessions and grants.
    End(End),
    /// Refused requests.
    Refusals(KeepRefusals),
}

impl Change {
    /// Whether the change has a guard.
    pub const fn is_guarded(&self) -> bool {
        match self {
            Self::Code(change) => change.is_guarded(),
            Self::Deferred(change) => change.is_guarded(),
            Self::Grant(change) => change.is_guarded(),
            Self::Token(change) => change.is_guarded(),
            Self::Session(change) => change.is_guarded(),
            Self::Interaction(change) => change.is_guarded(),
            Self::Key(_) | Self::Once(_) | Self::Item(_) => true,
            Self::Registry(change) => change.is_guarded(),
            Self::End(_) | Self::Refusals(_) => false,
        }
    }
}

macro_rules! families {
    ($($family:ident($change:ty)),+ $(,)?) => {
        $(impl From<$change> for Change {
            fn from(change: $change) -> Self {
                Self::$family(change)
            }
        })+
    };
}

families! {
    Code(CodeChange), Deferred(DeferredChange), Grant(GrantChange), Token(TokenChange), Session(SessionChange),
    Interaction(InteractionChange), Registry(RegistryChange), Key(KeyChange), Once(Remember), Item(Item),
    End(End), Refusals(KeepRefusals),
}
