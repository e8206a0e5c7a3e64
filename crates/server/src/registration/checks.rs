//! The rules of single members, as named in the table. Each checks one member, and others that affect it.

pub(super) mod backchannel;
pub(super) mod certificates;
pub(super) mod exchange;
pub(super) mod excuses;
pub(super) mod keys;
pub(super) mod scopes;
pub(super) mod sector;
pub(super) mod served;
pub(super) mod tokens;
pub(super) mod uris;
