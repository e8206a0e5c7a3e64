//! What a refused request is answered.

pub(crate) mod challenge;
