//! One file for each endpoint: it installs itself, and turns a request into an [`Answer`](crate::Answer).

pub(crate) mod authorize;
pub(crate) mod backchannel_authentication;
pub(crate) mod client_configuration;
pub(crate) mod device_authorization;
mod document;
pub(crate) mod end_session;
pub(crate) mod introspection;
pub(crate) mod jwks;
pub(crate) mod metadata;
pub(crate) mod offer;
pub(crate) mod par;
pub(crate) mod registration;
pub(crate) mod revocation;
pub(crate) mod table;
pub(crate) mod token;
pub(crate) mod userinfo;
