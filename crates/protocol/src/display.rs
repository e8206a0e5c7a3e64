//! Text from outside that is shown to a person or written to a log: bounded, and without control characters.

use std::fmt;

/// Characters shown of a value that a peer sent.
pub const SHOWN_CHARS_MAX: usize = 200;

/// A peer's value, safe to show: control characters become `?`, and it ends after [`SHOWN_CHARS_MAX`].
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
