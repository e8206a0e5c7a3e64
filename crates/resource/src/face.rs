//! The API of this crate: the guard and its builder, layers, extractors, and the documents that are served.

pub(crate) mod builder;
pub(crate) mod error;
pub mod extract;
#[cfg(feature = "client")]
pub(crate) mod from_env;
pub(crate) mod guard;
pub(crate) mod health;
pub(crate) mod layer;
pub(crate) mod mcp;
pub(crate) mod metadata;
pub(crate) mod proofs;
pub(crate) mod token;
