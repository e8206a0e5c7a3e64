//! UserInfo (OpenID Connect Core 1.0 §5.3), both halves: asking an issuer about a user, and answering for one.
//!
//! [`UserInfo`] asks. It reads plain, signed, encrypted and nested answers, and takes none whose `sub` is another than
//! the one it was asked for. [`UserInfoEndpoint`] answers behind a guard, with the claims of a [`ClaimsProvider`].

mod answer;
mod client;
mod endpoint;
mod error;
mod provider;
mod response;
mod wanted;

pub use answer::UserInfoForm;
pub use client::{UserInfo, UserInfoBuilder};
pub use endpoint::UserInfoEndpoint;
pub use error::{UserInfoError, UserInfoSetupError};
pub use provider::{ClaimName, ClaimsProvider, ProviderFault};
pub use response::{RegistrationError, UserInfoResponse};
