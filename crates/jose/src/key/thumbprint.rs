//! The SHA-256 thumbprint of a key (RFC 7638).

use std::fmt;

use crate::{base64url, primitives};

/// The SHA-256 thumbprint of a JWK or of a certificate, written in base64url as in `jkt` (RFC 9449 §6.1) and
/// `x5t#S256` (RFC 8705 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Hashes the members, which are in lexicographic order and need no escapes.
    pub(super) fn of(members: &[(&'static str, String)]) -> Self {
        let mut text = zeroize::Zeroizing::new(String::with_capacity(2048));
        for (name, value) in members {
            let opening = if text.is_empty() { "{\"" } else { ",\"" };
            text.push_str(opening);
            for piece in [name, "\":\"", value, "\""] {
                text.push_str(piece);
            }
        }
        text.push('}');
        Self(primitives::sha256(text.as_bytes()))
    }

    /// The thumbprint of an X.509 certificate in DER (RFC 8705 §3.1).
    pub fn of_certificate(der: &[u8]) -> Self {
        Self(primitives::sha256(der))
    }

    /// Whether both are equal, in constant time.
    pub fn is(&self, other: &Self) -> bool {
        primitives::constant_time_eq(&self.0, &other.0)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A thumbprint that was stored as its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses the 43 characters that [`Thumbprint`]'s `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(base64url::decode(text).ok()?.try_into().ok()?))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64url::encode(&self.0))
    }
}

impl serde::Serialize for Thumbprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Thumbprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected a SHA-256 thumbprint"))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Thumbprint({self})")
    }
}
