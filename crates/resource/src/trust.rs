//! The documents and key sets of trusted issuers, and the API's own keys.

pub(crate) mod discovery;
pub(crate) mod keys;
pub(crate) mod own_keys;
