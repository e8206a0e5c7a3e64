//! The rules of single members, as the table names them. Each looks at one member, and at others where they bear on it.

pub(super) mod keys;
pub(super) mod scopes;
pub(super) mod served;
pub(super) mod tokens;
pub(super) mod uris;
