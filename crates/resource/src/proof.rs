//! What a request presents: its token, and the proof that its sender holds the key of that token.

pub(crate) mod bearer;
pub(crate) mod confirmation;
pub(crate) mod dpop;
