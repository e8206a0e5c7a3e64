//! `WWW-Authenticate` (RFC 9110 §11.6.1): which credentials a refused request would have needed.

use std::fmt::Write as _;

/// One challenge: a scheme and its parameters, in the order in which they are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// A `Bearer` challenge (RFC 6750 §3).
    pub fn bearer() -> Self {
        Self::of("Bearer")
    }

    /// A challenge of another registered scheme.
    pub fn of(scheme: &'static str) -> Self {
        Self(scheme.to_owned())
    }

    /// A `Basic` challenge (RFC 7617 §2), where the realm is required.
    pub fn basic(realm: &str) -> Self {
        Self("Basic".to_owned()).with("realm", realm)
    }

    /// Adds `name="value"`. Characters that are not allowed in a quoted string become `?`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push_str(if self.0.contains('=') { ", " } else { " " });
        write!(self.0, "{name}=\"").expect("a string takes any text");
        for character in value.chars() {
            match character {
                '"' | '\\' => self.0.extend(['\\', character]),
                ' '..='~' => self.0.push(character),
                _ => self.0.push('?'),
            }
        }
        self.0.push('"');
        self
    }

    /// The value of the header: only visible ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_challenge_has_no_parameters() {
        assert_eq!(Challenge::bearer().as_str(), "Bearer");
    }

    #[test]
    fn a_challenge_of_another_scheme_has_its_name() {
        assert_eq!(Challenge::of("DPoP").with("algs", "ES256 PS256").as_str(), "DPoP algs=\"ES256 PS256\"");
    }

    #[test]
    fn values_can_not_break_out_of_their_quotes() {
        let challenge = Challenge::bearer().with("error", "invalid_token").with("scope", "a\"b\\c\r\nä");
        assert_eq!(challenge.as_str(), "Bearer error=\"invalid_token\", scope=\"a\\\"b\\\\c???\"");
    }
}
