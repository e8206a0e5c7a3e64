//! Changes of interactions.

use protocol::{Handle, InteractionToken};

use crate::store::records::Interaction;

/// Changes of interactions.
#[derive(Clone, Debug, PartialEq)]
pub enum InteractionChange {
    /// Guard: the id is new.
    Add(Handle<InteractionToken>, Interaction),
    /// Guard: it is unanswered and not expired at the commit's `now`. Marks it as answered, and replaces
    /// the request text by what is kept of its answer.
    Use(Handle<InteractionToken>, Box<str>),
    /// Guard: it is unanswered and not expired at the commit's `now`. Replaces the request text.
    Update(Handle<InteractionToken>, Box<str>),
    /// No guard: it makes room, or is not there. Deletes it, answered or not.
    Drop(Handle<InteractionToken>),
}

impl InteractionChange {
    /// Whether the change has a guard.
    pub const fn is_guarded(&self) -> bool {
        match self {
            Self::Add(..) | Self::Use(..) | Self::Update(..) => true,
            Self::Drop(_) => false,
        }
    }
}
