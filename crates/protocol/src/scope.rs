//! Scope: a set of scope tokens, written as one string on the wire (RFC 6749 §3.3).

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits;

/// The scope that requests an ID token (OpenID Connect Core 1.0 §3.1.2.1).
pub const OPENID: &str = "openid";
/// The scope that requests tokens that outlive the session (OpenID Connect Core 1.0 §11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The scope that lets its bearer introspect. Only resources can hold it.
pub const INTROSPECTION: &str = "introspection";
/// The scope for administering this server. Only a client that acts on its own behalf can hold it.
pub const ADMIN: &str = "passavant.admin";
/// The same for read-only access.
pub const READ: &str = "passavant.read";

/// The scopes that OpenID Connect defines (OpenID Connect Core 1.0 §5.4, §11), which belong to no resource.
pub const STANDARD: [&str; 6] = [OPENID, "profile", "email", "address", "phone", OFFLINE_ACCESS];

/// Whether a scope token belongs to the server's own admin API: never granted by a user, and registered only by an
/// operator.
pub fn is_administrative(token: &str) -> bool {
    token == ADMIN || token == READ
}

/// The claims that the standard scopes give access to (OpenID Connect Core 1.0 §5.4), and `groups`, which is no standard
/// scope, but has this name and claim at most servers.
pub const STANDARD_CLAIMS: [(&str, &[&str]); 5] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("groups", &["groups"]),
];

/// A set of scope tokens, in the order in which they were requested. One allocation, cheap to clone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Scopes(Arc<str>);

impl Scopes {
    /// Parses the `scope` of a request: tokens of `%x21 / %x23-5B / %x5D-7E` separated by single spaces,
    /// duplicates dropped. Leading, trailing and repeated spaces are accepted.
    ///
    /// # Errors
    /// [`ScopeError`] for another character or beyond [`limits::SCOPE_BYTES_MAX`], [`limits::SCOPES_MAX`].
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > limits::SCOPE_BYTES_MAX {
            return Err(ScopeError::TooLong);
        }
        let token = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(|b| b == b' ' || token(b)) {
            return Err(ScopeError::BadCharacter);
        }
        let scopes: Self = tokens(text).collect();
        if scopes.iter().count() > limits::SCOPES_MAX {
            return Err(ScopeError::TooLong);
        }
        Ok(scopes)
    }

    /// A scope that this server stored.
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scope tokens, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        tokens(&self.0)
    }

    /// Whether the set contains this token.
    pub fn contains(&self, token: &str) -> bool {
        self.iter().any(|own| own == token)
    }

    /// Whether every token of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|token| other.contains(token))
    }

    /// The tokens for which `keep` returns true.
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        self.iter().filter(|token| keep(token)).collect()
    }
}

/// What stands between the spaces. Tokens are short: `split` of the standard library is made for long texts.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(' ');
        let end = rest.bytes().position(|byte| byte == b' ').unwrap_or(rest.len());
        let token = rest.get(..end).filter(|token| !token.is_empty())?;
        rest = rest.get(end..).unwrap_or_default();
        Some(token)
    })
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(tokens: I) -> Self {
        let mut kept: Vec<&str> = Vec::new();
        for token in tokens {
            if !kept.contains(&token) {
                kept.push(token);
            }
        }
        Self(kept.join(" ").into())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({:?})", &*self.0)
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// Why a scope is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A character outside of RFC 6749 §3.3.
    #[error("a scope consists of visible ASCII without quotation marks and backslashes, separated by spaces")]
    BadCharacter,
    /// Beyond [`limits::SCOPE_BYTES_MAX`] or [`limits::SCOPES_MAX`].
    #[error("a scope has at most {} tokens and {} bytes", limits::SCOPES_MAX, limits::SCOPE_BYTES_MAX)]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_is_a_set_in_the_order_asked_for() {
        let scopes = Scopes::parse(" b  a b ").expect("fine");
        assert_eq!(scopes.as_str(), "b a");
        assert!(Scopes::stored("a").is_subset(&scopes) && !Scopes::stored("a c").is_subset(&scopes));
        assert!(!scopes.contains("") && !scopes.contains("b a"));
    }

    #[test]
    fn characters_outside_of_the_grammar_are_refused() {
        for text in ["a\"b", "a\\b", "a\tb", "a\0b", "ä"] {
            assert_eq!(Scopes::parse(text), Err(ScopeError::BadCharacter), "{text:?}");
        }
        let many: String = (0..=limits::SCOPES_MAX).map(|i| format!("s{i} ")).collect();
        assert_eq!(Scopes::parse(&many), Err(ScopeError::TooLong));
    }
}
