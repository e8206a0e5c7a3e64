//! The parts of keys, independent of their encoding: key material, permitted uses, thumbprint. JWKs and the keys for
//! signing, verification, encryption and decryption are made of these.

mod attributes;
mod material;
mod rsa;
mod thumbprint;

pub(crate) use attributes::{Attributes, decryption_operations, key_management_names, signature_names};
pub(crate) use material::{Curve, Material, PRIVATE_MEMBERS, bytes};
pub use thumbprint::Thumbprint;
