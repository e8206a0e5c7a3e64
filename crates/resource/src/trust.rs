//! Whom the guard trusts: the documents and key sets of issuers, and the API's own keys.

pub(crate) mod discovery;
pub(crate) mod keys;
pub(crate) mod own_keys;
