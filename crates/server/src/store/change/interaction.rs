//! Changes of interactions; each of them has a guard.

use protocol::{Handle, InteractionToken};

use crate::store::records::Interaction;

/// Changes of interactions.
#[derive(Clone, Debug, PartialEq)]
pub enum InteractionChange {
    /// Guard: the id is new.
    Add(Handle<InteractionToken>, Interaction),
    /// Guard: it is unanswered and not expired at the commit's `now`. It can't be answered again.
    Use(Handle<InteractionToken>),
    /// Guard: it is unanswered and not expired at the commit's `now`. Goes on with another request text.
    Update(Handle<InteractionToken>, Box<str>),
}
