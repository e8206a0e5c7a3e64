//! Grants: one file for each `grant_type`.

pub mod authorization_code;
pub mod ciba;
pub mod client_credentials;
pub mod device_code;
pub(crate) mod introspection_token;
pub mod jwt_bearer;
mod minting;
pub mod refresh_token;
pub mod token_exchange;

pub use minting::Minting;

pub use crate::{
    context::{GrantHandler, TokenRequest},
    settle::Decision,
};
