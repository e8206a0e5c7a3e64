//! What handlers take the token with, framework by framework.

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
mod claims;
#[cfg(feature = "tonic")]
mod tonic;

#[cfg(feature = "actix")]
pub use actix::{ActixGuarded, ActixRequire, OptionalToken};
pub use claims::Claims;
#[cfg(feature = "tonic")]
pub use tonic::{TonicGuarded, TonicRequire};
