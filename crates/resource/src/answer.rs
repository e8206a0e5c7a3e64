//! What a refused request is answered.

pub(crate) mod challenge;
pub(crate) mod refuser;
