//! Changes of interactions; each of them has a guard.

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
}
