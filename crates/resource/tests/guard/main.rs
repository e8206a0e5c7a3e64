//! The guard against a scripted authorization server: every defect has its reason, status and challenge.

#[cfg(feature = "client")]
mod answers;
mod away;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "client")]
mod client;
mod credentials;
mod introspection;
mod jwt;
mod kept_tokens;
mod keys;
mod layer;
mod logs;
#[cfg(feature = "client")]
mod mutual_tls;
mod sharing;
mod signed_answers;
#[cfg(feature = "client")]
mod stub;
mod support;
