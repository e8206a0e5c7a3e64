//! JOSE for passavant: signed and encrypted tokens and their keys (RFC 7515 to 7519, 7638, 8037, 8725).
//!
//! A thin, strict layer over aws-lc-rs. A key object is for exactly one algorithm, so a token can't choose how it is
//! verified; keys are never read from a header, except in DPoP proofs ([`SelfSigned`]); `none` is not supported; JSON
//! members are unique; everything has a limit ([`limits`]). No process-wide provider is installed.
//!
//! ```
//! use passavant_jose::{SignatureAlgorithm, SigningKey, jws};
//!
//! let key = SigningKey::generate(SignatureAlgorithm::Es256)?;
//! let header = jws::Header {
//!     typ: Some("at+jwt".to_owned()),
//!     kid: Some(key.kid().to_owned()),
//!     ..jws::Header::default()
//! };
//! let token = jws::sign(&header, br#"{"iss":"https://id.example","exp":1900000000}"#, &key)?;
//!
//! let verified = jws::Unverified::parse(&token)?.verify(&key.verifying_key())?;
//! assert!(verified.is_type("at+jwt"));
//! assert_eq!(verified.claims()?.string("iss")?, Some("https://id.example"));
//! assert_eq!(verified.claims()?.time("exp")?, Some(1_900_000_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
pub mod base64url;
mod claims;
mod decryption;
mod encryption;
mod error;
mod header;
pub mod json;
pub mod jwe;
mod jwk;
mod jwk_set;
pub mod jws;
mod key;
pub mod limits;
pub mod primitives;
mod private;
mod signing;
mod verifying;

pub use algorithm::{ContentEncryption, KeyManagement, SignatureAlgorithm};
pub use claims::Claims;
pub use decryption::DecryptionKey;
pub use encryption::EncryptionKey;
pub use error::{CryptoError, JoseError, KeyError};
pub use jwe::{Decrypted, Encrypted};
pub use jwk::Jwk;
pub use jwk_set::{JwkSet, SkippedKey};
pub use jws::{Possession, SelfSigned, Unverified, Verified};
pub use key::Thumbprint;
pub use signing::SigningKey;
pub use verifying::VerifyingKey;
