//! Refused requests that are kept.

use crate::store::records::RefusedRequest;

/// No guard: keeps these refused requests, and of all those of the issuer only the latest.
#[derive(Clone, Debug, PartialEq)]
pub struct KeepRefusals {
    /// The requests, oldest first.
    pub refused: Vec<RefusedRequest>,
    /// How many are kept, these included: the oldest make room. [`REFUSALS_MAX`](crate::store::REFUSALS_MAX) for a host.
    pub most: u32,
}
