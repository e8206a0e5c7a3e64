//! Sender-constrained tokens: the key that a token is bound to, and proofs that the sender of a request holds it.
//!
//! Everything here is a function of its arguments: the header text, the method, the URL and the time come in, and an error
//! says which rule of RFC 9449 §4.3 a proof broke. The server and the guard of an API share it.

mod confirmation;
mod dpop;
mod nonce;
mod target;

pub use confirmation::{Confirmation, ConfirmationError};
pub use dpop::{ExpectedProof, PROOF_ALGORITHMS, Proof, ProofError, ProofId};
pub use nonce::Nonces;
pub use target::normalized;
