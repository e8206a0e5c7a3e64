//! The ways in which a test's authorization server goes wrong.

/// How an [`Authority`](crate::Authority) answers wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is closed before a byte of the answer.
    Away,
    /// The request is read, and nothing ever comes: until the caller gives up.
    Silence,
    /// The answer breaks off in the middle of its body.
    Half,
    /// Another status than 200, with an empty body.
    Status(u16),
    /// Status 200 with this media type and body, whatever was asked.
    Body {
        /// `Content-Type`.
        media_type: String,
        /// The body, byte for byte.
        body: Vec<u8>,
    },
    /// A redirect (302) to this address.
    Redirect(String),
}
