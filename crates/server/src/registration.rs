//! The registration of clients, resources and scopes: tables of members and their rules, for every way to register.
//!
//! An [`Entry`] checks JSON members against a table and collects all errors; [`ClientRegistration`] and
//! [`ResourceRegistration`] are valid entries. [`Credentials`] checks them against the existing registrations, and
//! makes the records for the store. A [`RegisteredClient`] is read from such a record only.

mod checks;
mod client;
pub(crate) mod client_document;
mod credentials;
mod entry;
mod finding;
pub(crate) mod initial_token;
mod members;
mod registered_client;
mod registered_resource;
mod resource;
mod rules;
mod scope;
mod secret;
pub(crate) mod stranger;
pub(crate) mod unused;
mod view;

pub use client::ClientRegistration;
pub use credentials::{Batch, Credentials, MissingSecret};
pub use entry::{Absent, Effect, Entry, Kind, Member, SetBy};
pub use finding::{Finding, Findings, RegistrationError, pointer};
pub use initial_token::{INITIAL_TOKEN_USES_MAX, InitialToken};
pub use members::{CLIENT, RESOURCE, SCOPE};
pub use registered_client::RegisteredClient;
pub use registered_resource::{
    AccessTokenFormat, AccessTokenType, IntrospectionAudience, RegisteredResource,
};
pub use resource::ResourceRegistration;
pub use rules::{Registrar, Rules};
pub use scope::read_scope;
pub use view::RegistryView;
