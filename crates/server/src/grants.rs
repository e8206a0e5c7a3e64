//! The ways a client may obtain tokens: one file per `grant_type`.

pub mod authorization_code;
pub mod client_credentials;
pub(crate) mod introspection_token;
mod minting;
pub mod refresh_token;

pub use minting::Minting;

pub use crate::{
    context::{GrantHandler, TokenRequest},
    settle::Decision,
};
