//! Secrets as files and shells hold them: what editors and tools leave around a secret is not part of it.

/// A secret without what was around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bare<'t> {
    /// The secret.
    pub text: &'t str,
    /// Whether more than the end of its line was removed, about which the operator is told.
    pub is_trimmed: bool,
}

/// What is told of a text from which more than the end of its line was removed.
pub const TRIMMED: &str = "a byte order mark, spaces or empty lines around it were removed";

/// A client secret or a key, without byte order mark, white space and line ends around it: none of them can be part of
/// one.
pub fn secret(text: &str) -> Bare<'_> {
    bare(text, |character| character.is_whitespace() || character == BYTE_ORDER_MARK)
}

/// A password, without byte order mark and line ends around it. People may have chosen the spaces.
pub fn password(text: &str) -> Bare<'_> {
    bare(text, |character| matches!(character, '\n' | '\r' | BYTE_ORDER_MARK))
}

const BYTE_ORDER_MARK: char = '\u{feff}';

fn bare(text: &str, is_around: fn(char) -> bool) -> Bare<'_> {
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    let inner = text.trim_matches(is_around);
    Bare { text: inner, is_trimmed: inner.len() != line.len() }
}

/// The length, not the secret.
impl std::fmt::Debug for Bare<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bare({} bytes, trimmed: {})", self.text.len(), self.is_trimmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_secret_is_removed_and_only_the_end_of_a_line_is_not_told() {
        for (text, bare, is_trimmed) in [
            ("s3 cret", "s3 cret", false),
            ("s3cret\n", "s3cret", false),
            ("s3cret\r\n", "s3cret", false),
            ("\u{feff}s3cret\n", "s3cret", true),
            ("s3cret\n\n", "s3cret", true),
            ("  s3cret\t\r\n", "s3cret", true),
            ("\u{feff} \n", "", true),
            ("", "", false),
        ] {
            assert_eq!(secret(text), Bare { text: bare, is_trimmed }, "{text:?}");
        }
    }

    #[test]
    fn the_spaces_of_a_password_are_its_own() {
        for (text, bare, is_trimmed) in [
            (" correct horse \n", " correct horse ", false),
            ("\u{feff}correct horse \r\n", "correct horse ", true),
            ("correct horse\n\n", "correct horse", true),
        ] {
            assert_eq!(password(text), Bare { text: bare, is_trimmed }, "{text:?}");
        }
    }
}
