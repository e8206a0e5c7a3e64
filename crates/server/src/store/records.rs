//! What is remembered: plain values, secrets only as digests or sealed.

mod code;
mod deferred;
mod details;
mod event;
mod grant;
mod interaction;
mod key;
mod refusal;
mod registry;
mod session;
mod subject;
mod through;
mod token;

pub use code::Code;
pub use deferred::{Deferred, DeferredRead, DeferredState, Whose};
pub use details::{GrantDetails, TokenDetails};
pub use event::{Actor, Event, EventKind};
pub use grant::{Consent, Grant, ScopeAt};
pub use interaction::Interaction;
pub use key::{KeyRecord, KeyState};
pub use refusal::RefusedRequest;
pub use registry::{
    Caller, Client, DetailsType, Provenance, Registered, Resource, ResourceSettings, Scope, StoredSecret,
};
pub use session::Session;
pub use subject::SeenSubject;
pub use through::{AccessRead, Ended, Through};
pub use token::{Access, Refresh};
