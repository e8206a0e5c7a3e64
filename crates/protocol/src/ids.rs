//! Identifiers. Each kind has its own type, so that they can't be mixed up.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::limits;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// An identifier that the caller has validated or that this server generated.
            pub fn new(value: impl Into<Arc<str>>) -> Self {
                Self(value.into())
            }

            /// The identifier as it is on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &*self.0)
            }
        }
    };
}

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl $name {
            /// Parses the 11 characters that [`fmt::Display`] writes.
            pub fn parse(text: &str) -> Option<Self> {
                let bytes = jose::base64url::decode(text).ok()?;
                Some(Self(i64::from_be_bytes(bytes.try_into().ok()?)))
            }
        }

        /// 11 characters of base64url.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&jose::base64url::encode(&self.0.to_be_bytes()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

text_id! {
    /// A registered application or resource (RFC 6749 §2.2).
    ClientId
}
text_id! {
    /// The user's identifier at this issuer, `sub` (OpenID Connect Core 1.0 §2).
    Subject
}
text_id! {
    /// The issuer's URL, compared byte for byte (RFC 8414 §2).
    Issuer
}
text_id! {
    /// The `jti` of a JWT (RFC 7519 §4.1.7).
    JwtId
}
row_id! {
    /// The record of an approval; revoking it revokes all its tokens.
    GrantId
}
row_id! {
    /// A browser's session at this server, `sid` in ID tokens (OpenID Connect Front-Channel Logout 1.0 §3).
    SessionId
}
row_id! {
    /// One opaque access token, where a list names it. It opens nothing.
    TokenId
}
row_id! {
    /// A request that its user answers elsewhere ([`DeferredCode`](crate::DeferredCode)). It opens nothing.
    DeferredId
}
row_id! {
    /// One refresh token and all its successors.
    FamilyId
}

impl ClientId {
    /// Parses an untrusted `client_id`: visible ASCII (RFC 6749 Appendix A.1) within
    /// [`limits::CLIENT_ID_BYTES_MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= limits::CLIENT_ID_BYTES_MAX;
        (fits && text.bytes().all(|b| (0x20..=0x7e).contains(&b))).then(|| Self::new(text))
    }
}

impl Subject {
    /// Parses a `sub`: visible ASCII within [`limits::SUBJECT_BYTES_MAX`] (OpenID Connect Core 1.0 §2).
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= limits::SUBJECT_BYTES_MAX;
        (fits && text.bytes().all(|b| (0x21..=0x7e).contains(&b))).then(|| Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_with_a_nul_byte_is_no_client_id() {
        assert_eq!(ClientId::parse("a\0b"), None);
        assert_eq!(ClientId::parse(""), None);
        assert_eq!(ClientId::parse(&"x".repeat(limits::CLIENT_ID_BYTES_MAX + 1)), None);
        assert_eq!(ClientId::parse("shop").expect("visible").as_str(), "shop");
    }

    #[test]
    fn a_row_id_reads_what_it_writes() {
        let id = GrantId(0x0123_4567_89ab_cdef);
        assert_eq!(id.to_string().len(), 11);
        assert_eq!(GrantId::parse(&id.to_string()), Some(id));
        assert_eq!(GrantId::parse("AAAA"), None);
    }
}
