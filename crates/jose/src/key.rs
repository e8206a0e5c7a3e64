//! What a key is, whatever it is written as: its numbers, its curve, what it may be used for, its thumbprint.
//!
//! JWKs, signing, verifying, encryption and decryption keys are all made of these, and none of these knows them.

mod attributes;
mod material;
mod rsa;
mod thumbprint;

pub(crate) use attributes::{Attributes, decryption_operations, key_management_names, signature_names};
pub(crate) use material::{Curve, Material, PRIVATE_MEMBERS, bytes};
pub use thumbprint::Thumbprint;
