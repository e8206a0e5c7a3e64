//! The guard against a scripted authorization server: every defect has its reason, status and challenge.

#[cfg(feature = "axum")]
mod axum;
mod certificate;
#[cfg(feature = "client")]
mod client;
mod dpop;
mod health;
mod introspection;
mod issuers;
mod jwt;
mod keys;
mod layer;
mod logs;
#[cfg(feature = "axum")]
mod mcp;
mod policy;
mod rotation;
mod sharing;
mod signed_answers;
mod support;
