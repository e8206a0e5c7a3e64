//! The guard against a scripted authorization server: every defect has its reason, status and challenge.

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "client")]
mod client;
mod introspection;
mod jwt;
mod keys;
mod layer;
mod logs;
#[cfg(feature = "axum")]
mod mcp;
mod sharing;
mod signed_answers;
mod support;
