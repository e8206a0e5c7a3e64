//! How authorization requests may be sent beside the query: pushed, and in a signed object.

/// Pushed authorization requests (RFC 9126).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushedRequests {
    /// Seconds for which a `request_uri` can be opened at the authorization endpoint.
    pub lifetime: i64,
    /// Whether every authorization request must be pushed (RFC 9126 §5).
    pub required: bool,
}

impl Default for PushedRequests {
    fn default() -> Self {
        Self { lifetime: 60, required: false }
    }
}

/// Request objects (RFC 9101).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestObjects {
    /// Whether every authorization request must be signed (RFC 9101 §10.5).
    pub required: bool,
    /// Whether an object is fetched from a `request_uri` that the client registered (RFC 9101 §5.2).
    pub by_reference: bool,
}
