//! Proof Key for Code Exchange (RFC 7636), only with the method `S256`.

use serde::{Deserialize, Serialize};

/// Length of a verifier, in characters (RFC 7636 §4.1).
pub const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;
/// Length of an `S256` challenge, in characters: a SHA-256 hash as base64url.
pub const CHALLENGE_CHARS: usize = 43;

/// The code challenge: the hash of the verifier that the client sends when it redeems the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(Box<str>);

impl CodeChallenge {
    /// Parses an `S256` challenge: 43 characters of base64url (RFC 7636 §4.2).
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == CHALLENGE_CHARS && jose::base64url::decode(text).is_ok();
        fits.then(|| Self(text.into()))
    }

    /// A challenge that this server stored.
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The challenge of a verifier: what a client sends to the authorization endpoint.
    pub fn of(verifier: &str) -> Self {
        Self(jose::base64url::encode(&jose::primitives::sha256(verifier.as_bytes())).into())
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the verifier is well-formed and hashes to this challenge (RFC 7636 §4.6), in constant time.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        is_verifier(verifier)
            && jose::primitives::constant_time_eq(Self::of(verifier).0.as_bytes(), self.0.as_bytes())
    }
}

/// Whether a text has the form of a verifier (RFC 7636 §4.1).
pub fn is_verifier(text: &str) -> bool {
    VERIFIER_CHARS.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_is_met() {
        let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").expect("valid");
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"));
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        assert!(!is_verifier(&"a".repeat(42)) && is_verifier(&"a".repeat(43)));
        assert!(is_verifier(&"~".repeat(128)) && !is_verifier(&"a".repeat(129)));
        assert!(!is_verifier(&"+".repeat(43)));
    }
}
