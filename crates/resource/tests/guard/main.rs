//! The guard against a scripted authorization server: every defect has its reason, status and challenge.

#[cfg(feature = "axum")]
mod axum;
mod certificate;
#[cfg(feature = "client")]
mod client;
mod dpop;
mod introspection;
mod jwt;
mod keys;
mod layer;
mod logs;
mod sharing;
mod signed_answers;
mod support;
