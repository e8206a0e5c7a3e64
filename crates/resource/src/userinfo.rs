//! UserInfo (OpenID Connect Core 1.0 §5.3), both sides: a client and an endpoint.
//!
//! [`UserInfo`] is the client. It reads plain, signed, encrypted and nested answers, and refuses those with another
//! `sub` than expected. [`UserInfoEndpoint`] answers behind a guard, with the claims of a [`ClaimsProvider`].

mod answer;
mod client;
mod endpoint;
mod error;
mod provider;
mod requested_claims;
mod response;

pub use answer::UserInfoForm;
pub use client::{UserInfo, UserInfoBuilder};
pub use endpoint::UserInfoEndpoint;
pub use error::{UserInfoError, UserInfoSetupError};
pub use provider::{ClaimName, ClaimsProvider, ProviderFault};
pub use response::{RegistrationError, UserInfoResponse};
