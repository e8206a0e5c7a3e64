//! What may be written, as values. Each change says its guard: the condition under which it holds.
//!
//! Guards speak of the state *before* the commit, and no write may rely on an earlier one of the same commit.
//! A guard is part of the statement that writes (`UPDATE .. WHERE used_at IS NULL` and its row count), never a look
//! beforehand.

mod code;
mod end;
mod events;
mod grant;
mod interaction;
mod item;
mod key;
mod once;
mod registry;
mod session;
mod token;

use protocol::Timestamp;
use smallvec::SmallVec;

pub use code::CodeChange;
pub use end::{End, Of, Why};
pub use grant::{Basis, GrantChange};
pub use interaction::InteractionChange;
pub use item::Item;
pub use key::KeyChange;
pub use once::{Remember, Space};
pub use registry::{Expect, RegistryChange};
pub use session::SessionChange;
pub use token::TokenChange;

use super::records::Actor;

/// Everything that one decision wants remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The time of the decision. Guards compare with it, never with a clock of the store's own.
    pub now: Timestamp,
    /// Who has it done, for the events that are derived from the changes.
    pub actor: Actor,
    /// The request in which it is done, for the same.
    pub request_id: Option<Box<str>>,
    /// Changes that hold only under a condition, the most contended first.
    pub guards: SmallVec<[Change; 2]>,
    /// Changes that always hold.
    pub writes: SmallVec<[Change; 4]>,
}

impl Commit {
    /// Nothing to remember yet, and nobody who wants it but the server.
    pub fn new(now: Timestamp) -> Self {
        Self { now, actor: Actor::Server, request_id: None, guards: SmallVec::new(), writes: SmallVec::new() }
    }

    /// Says who has it done.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// Adds a change, where its guard puts it.
    #[must_use]
    pub fn with(mut self, change: impl Into<Change>) -> Self {
        self.push(change);
        self
    }

    /// Adds a change, where its guard puts it.
    pub fn push(&mut self, change: impl Into<Change>) {
        let change = change.into();
        if change.is_guarded() {
            self.guards.push(change);
        } else {
            self.writes.push(change);
        }
    }

    /// Whether there is nothing to remember; such a commit never reaches the store.
    pub fn is_empty(&self) -> bool {
        self.guards.is_empty() && self.writes.is_empty()
    }
}

/// One change, by family.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Authorization codes.
    Code(CodeChange),
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
    /// What may be seen only once.
    Once(Remember),
    /// A value of a grant from outside this crate.
    Item(Item),
    /// What ends before its time.
    End(End),
}

impl Change {
    /// Whether the change has a guard.
    pub const fn is_guarded(&self) -> bool {
        match self {
            Self::Code(change) => change.is_guarded(),
            Self::Grant(change) => change.is_guarded(),
            Self::Token(change) => change.is_guarded(),
            Self::Session(change) => change.is_guarded(),
            Self::Interaction(_) | Self::Once(_) | Self::Item(_) => true,
            Self::Registry(change) => change.is_guarded(),
            Self::Key(change) => change.is_guarded(),
            Self::End(_) => false,
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
    Code(CodeChange), Grant(GrantChange), Token(TokenChange), Session(SessionChange),
    Interaction(InteractionChange), Registry(RegistryChange), Key(KeyChange), Once(Remember), Item(Item),
    End(End),
}
