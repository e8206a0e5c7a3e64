//! The failures that an [`Authority`](crate::Authority) can simulate.

/// A failure that an [`Authority`](crate::Authority) simulates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malfunction {
    /// The connection is closed before the first byte of the response.
    Unreachable,
    /// The request is read, and never answered.
    NoResponse,
    /// The connection is closed in the middle of the body.
    Truncated,
    /// A status other than 200, with an empty body.
    Status(u16),
    /// Status 200 with this media type and body, for every request.
    Body {
        /// `Content-Type`.
        media_type: String,
        /// The body, byte for byte.
        body: Vec<u8>,
    },
    /// A redirect (302) to this address.
    Redirect(String),
}
