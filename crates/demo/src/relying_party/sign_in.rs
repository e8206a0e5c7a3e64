//! What is remembered of a sign-in until its response arrives.

use jose::{
    base64url,
    primitives::{constant_time_eq, random},
};

use super::response::AuthorizationResponse;

/// One sign-in. It does not print its values: they are secrets.
pub struct SignIn {
    /// Where the response goes.
    pub redirect_uri: String,
    /// Binds the response to the browser (RFC 6749 §10.12).
    pub(super) state: String,
    /// Binds the ID token to the request (OpenID Connect Core 1.0 §15.5.2).
    pub(super) nonce: String,
    /// Binds the code to the request (RFC 7636 §4.1).
    pub(super) verifier: String,
}

impl SignIn {
    /// A new one, of 256 bits of randomness each.
    pub fn new(redirect_uri: impl Into<String>) -> Self {
        Self { redirect_uri: redirect_uri.into(), state: draw(), nonce: draw(), verifier: draw() }
    }

    /// What the ID token must hold.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Whether a response is to this sign-in.
    pub fn is_answered_by(&self, response: &AuthorizationResponse) -> bool {
        let state = response.state.as_deref().unwrap_or_default();
        constant_time_eq(state.as_bytes(), self.state.as_bytes())
    }
}

/// 256 bits of randomness, as text.
pub(crate) fn draw() -> String {
    let mut bytes = [0; 32];
    random(&mut bytes);
    base64url::encode(&bytes)
}
