//! How refused requests are answered.

pub(crate) mod challenge;
pub(crate) mod refuser;
