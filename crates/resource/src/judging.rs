//! Judges tokens: verified or introspected, cached, and compared with what is expected.

pub(crate) mod answered;
pub(crate) mod audience;
pub(crate) mod authorization;
pub(crate) mod cache;
pub(crate) mod claim;
pub(crate) mod claim_path;
pub(crate) mod claims;
pub(crate) mod expected;
pub(crate) mod introspection;
pub(crate) mod issuers;
pub(crate) mod jwt;
pub(crate) mod kind;
pub(crate) mod machine;
pub(crate) mod opaque;
pub(crate) mod policy;
pub(crate) mod refused;
pub(crate) mod remote;
pub(crate) mod shape;
pub(crate) mod tokeninfo;
pub(crate) mod verifier;
