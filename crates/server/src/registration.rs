//! What a client or a resource may register: one table of members and every rule, whoever registers it.
//!
//! An [`Entry`] reads JSON members against a table and collects everything that is wrong with them;
//! [`ClientRegistration`] and [`ResourceRegistration`] are what passed. [`Credentials`] weighs them against what is
//! registered already, and is what makes the records that a store keeps. A [`RegisteredClient`] is read from such a
//! record, and from nothing else.

mod checks;
mod client;
mod credentials;
mod entry;
mod finding;
mod members;
mod registered_client;
mod registered_resource;
mod resource;
mod rules;
mod scope;
mod secret;
mod view;

pub use client::ClientRegistration;
pub use credentials::{Batch, Credentials, MissingSecret};
pub use entry::{Absent, Effect, Entry, Kind, Member, SetBy};
pub use finding::{Finding, Findings, RegistrationError, pointer};
pub use members::{CLIENT, RESOURCE, SCOPE};
pub use registered_client::RegisteredClient;
pub use registered_resource::{AccessTokenFormat, IntrospectionAudience, RegisteredResource};
pub use resource::ResourceRegistration;
pub use rules::{Registrar, Rules};
pub use scope::read_scope;
pub use view::RegistryView;
