//! A [`RelyingParty`], and what the development mode shows with it: a demo app that lets people sign in, and a demo API
//! behind a guard.
//!
//! App and API run in the process of the authorization server and are strangers to it: they know its issuer, and ask it
//! by HTTP over loopback, each with what is registered for it. Nothing is asked before a request needs it.

mod api;
mod app;
mod callback;
mod pages;
mod relying_party;
pub mod seeds;
mod site;

pub use callback::CallbackListener;
pub use relying_party::{
    AuthorizationResponse, ClientAuthentication, DeviceAuthorization, IdTokenError, Registration,
    RelyingParty, RelyingPartyError, SignIn, Tokens,
};
pub use site::{DemoError, about, site};
