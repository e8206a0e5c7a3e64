//! Every limit of this crate, with its unit.

/// Bytes of a signed token that [`crate::Unverified::parse`] reads.
pub const TOKEN_BYTES: usize = 8 * 1024;

/// Bytes of an encrypted token that [`crate::Encrypted::parse`] reads.
pub const ENCRYPTED_TOKEN_BYTES: usize = 64 * 1024;

/// Bytes of a JSON document: a key, a set of claims.
pub const JSON_BYTES: usize = 64 * 1024;

/// Bytes of a key set: some issuers publish many keys, each with its chain of certificates.
pub const KEY_SET_BYTES: usize = 256 * 1024;

/// Levels of arrays and objects inside each other in a JSON document, the outermost included.
pub const JSON_DEPTH: usize = 16;

/// Bytes of a decoded protected header.
pub const HEADER_BYTES: usize = 4 * 1024;

/// Bytes of a `kid`, wherever it is written.
pub const KEY_ID_BYTES: usize = 256;

/// Keys of one set that are read; those after them are skipped.
pub const KEYS_PER_SET: usize = 1024;

/// Keys of one set that are tried on one signature, since a set may have several that a token can mean.
pub const CANDIDATES_PER_TOKEN: usize = 8;

/// Certificates in one `x5c`.
pub const CERTIFICATES_PER_KEY: usize = 8;

/// Entries of one `key_ops`.
pub const KEY_OPERATIONS: usize = 16;

/// Bits of the smallest RSA modulus (RFC 7518 §3.3, §4.3).
pub const RSA_BITS_LEAST: usize = 2048;

/// Bits of the largest RSA modulus: beyond it a verification is a denial of service.
pub const RSA_BITS_MOST: usize = 8192;

/// Bits of the largest RSA modulus in a proof, since its sender determines the cost of its verification.
pub const PROOF_RSA_BITS_MOST: usize = 4096;

/// Bytes of the largest RSA public exponent.
pub const RSA_EXPONENT_BYTES: usize = 4;

/// Bytes of the largest symmetric key.
pub const SYMMETRIC_KEY_BYTES: usize = 1024;

/// Bytes of a PEM text.
pub const PEM_BYTES: usize = 32 * 1024;

/// Bytes of `apu` and of `apv`, decoded (RFC 7518 §4.6.1).
pub const PARTY_BYTES: usize = 512;
