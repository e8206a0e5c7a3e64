//! The operator's side of a server: every change that an operator makes, as a value with a typed error.
//!
//! [`operations`] holds the changes, each with a `run`. A [`World`] is a document that says what is to be registered;
//! [`operations::Apply`] makes it so. [`api`] offers the same over HTTP. Whoever calls (a command line, a page, an API)
//! parses what it was given and shows what comes back; what may be registered is decided by
//! [`server::registration`], and what is written by one writer.

mod administration;
pub mod api;
mod error;
pub mod operations;
pub mod record;
mod world;
mod writer;

pub use administration::{Administration, api_identifier};
pub use error::{ApplyError, Noun, OperationError, Refusal};
pub use world::{ApplyMode, Difference, Document, Sent, World};
