//! The guard against a scripted authorization server: every defect leads to its reason, status and challenge.

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "client")]
mod answers;
mod away;
#[cfg(feature = "axum")]
mod axum;
mod certificate;
#[cfg(feature = "client")]
mod client;
mod credentials;
mod dpop;
mod extract;
mod health;
mod introspection;
mod issuers;
mod jwt;
mod kept_tokens;
mod keys;
mod layer;
mod logs;
#[cfg(feature = "axum")]
mod mcp;
#[cfg(feature = "client")]
mod mutual_tls;
mod passing;
mod policy;
mod providers;
mod readme;
mod rotation;
mod sharing;
mod signed_answers;
#[cfg(feature = "client")]
mod stub;
mod support;
#[cfg(feature = "tonic")]
mod tonic;
mod userinfo_asking;
mod userinfo_endpoint;
