//! The guard against a scripted authorization server: every defect has its reason, status and challenge.

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "client")]
mod client;
mod extract;
mod introspection;
mod jwt;
mod keys;
mod layer;
mod logs;
mod sharing;
mod signed_answers;
mod support;
#[cfg(feature = "tonic")]
mod tonic;
mod userinfo_asking;
mod userinfo_endpoint;
