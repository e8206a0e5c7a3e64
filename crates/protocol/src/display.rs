//! Untrusted text for pages and logs: of bounded length and without control characters.

use std::fmt;

/// Maximum number of characters shown of an untrusted value.
pub const SHOWN_CHARS_MAX: usize = 200;

/// An untrusted value that is safe to show: control characters become `?`, and it is cut after [`SHOWN_CHARS_MAX`].
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for character in self.0.chars().take(SHOWN_CHARS_MAX) {
            f.write_char(if character.is_control() { '?' } else { character })?;
        }
        if self.0.chars().nth(SHOWN_CHARS_MAX).is_some() {
            f.write_str("...")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_length_are_tamed() {
        assert_eq!(Shown("a\r\n\0b").to_string(), "a???b");
        assert_eq!(Shown(&"x".repeat(1000)).to_string().len(), SHOWN_CHARS_MAX + 3);
    }
}
