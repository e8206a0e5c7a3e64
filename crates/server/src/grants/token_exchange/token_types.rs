//! The token types that are exchanged (RFC 8693 §3).

pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(super) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
pub(super) const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
