//! Audiences, compared as resource identifiers are.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::uri;

/// The recipient of a token: a resource identifier (RFC 8707 §2) or the issuer.
///
/// It is kept as it was written. Two are equal byte for byte, except that the empty path of `http` and `https` is `/`
/// (RFC 3986 §6.2.3): `https://notes.example` and `https://notes.example/` are one audience.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Audience(Arc<str>);

impl Audience {
    /// An identifier that the caller has validated or that this server generated.
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self(value.into())
    }

    /// The identifier as it is on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this text names the same audience.
    pub fn is(&self, text: &str) -> bool {
        uri::is_same_resource(&self.0, text)
    }

    fn key(&self) -> (&str, &str) {
        uri::resource_key(&self.0)
    }
}

impl PartialEq for Audience {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Eq for Audience {}

impl Hash for Audience {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for Audience {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Audience {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audience({:?})", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    #[test]
    fn the_empty_path_of_http_is_a_slash_and_nothing_else_is_normalized() {
        for (one, other) in [
            ("https://notes.example", "https://notes.example/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("https://notes.example?x=1", "https://notes.example/?x=1"),
        ] {
            let both = [Audience::new(one), Audience::new(other)];
            assert_eq!(both[0], both[1]);
            assert_eq!((HashSet::from(both.clone()).len(), BTreeSet::from(both).len()), (1, 1), "{one}");
        }
        for (one, other) in [
            ("https://notes.example/a", "https://notes.example/a/"),
            ("https://notes.example", "https://NOTES.example"),
            ("https://notes.example", "https://notes.example:443"),
            ("https://notes.example", "https://notes.example//"),
            ("https://notes.example", "http://notes.example"),
            ("https://notes.example/a", "https://notes.example/b"),
            ("https://notes.example", "https://notes.example?"),
            ("urn:notes", "urn:notes/"),
            ("com.example.app://x", "com.example.app://x/"),
        ] {
            let both = [Audience::new(one), Audience::new(other)];
            assert_ne!(both[0], both[1]);
            assert_eq!((HashSet::from(both.clone()).len(), BTreeSet::from(both).len()), (2, 2), "{one}");
        }
    }
}
