//! How a request differs from what was expected of it: for logs and operators.

use std::fmt::Display;

use crate::display::Shown;

/// How a request differs from what was expected. Each text is cut after
/// [`SHOWN_CHARS_MAX`](crate::display::SHOWN_CHARS_MAX) characters and has no control characters.
///
/// It never holds a secret, a token, a code, a cookie, or the value of a query parameter: a log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The parameter, claim, header field or registered member.
    pub what: Box<str>,
    /// What was sent.
    pub sent: Box<str>,
    /// What was expected.
    pub expected: Box<str>,
    /// What was sent, with the part between `>>` and `<<` that differs from the nearest value of those expected.
    pub marked: Option<Box<str>>,
}

impl Difference {
    /// What was sent, and what was expected instead.
    pub fn new(what: &str, sent: impl Display, expected: impl Display) -> Self {
        Self { what: shown(what), sent: shown(sent), expected: shown(expected), marked: None }
    }

    /// What is required and was not sent.
    pub fn absent(what: &str, expected: impl Display) -> Self {
        Self::new(what, "nothing", expected)
    }

    /// The same, with what was sent as a text in which the difference is marked.
    #[must_use]
    pub fn marked(self, marked: impl Display) -> Self {
        Self { marked: Some(shown(marked)), ..self }
    }

    /// The fields of a log line: what differs, what was sent, what was expected. None of them where nothing is known.
    pub fn fields(known: Option<&Self>) -> [Option<&str>; 3] {
        [known.map(|known| &*known.what), known.map(Self::sent), known.map(|known| &*known.expected)]
    }

    /// What was sent, marked where that is known.
    pub fn sent(&self) -> &str {
        self.marked.as_deref().unwrap_or(&self.sent)
    }
}

fn shown(text: impl Display) -> Box<str> {
    Shown(&text.to_string()).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::SHOWN_CHARS_MAX;

    #[test]
    fn texts_are_cut_and_have_no_control_characters() {
        let difference = Difference::new("scope", "a\r\nb", "x".repeat(1_000)).marked("\u{7}");
        assert_eq!((&*difference.sent, difference.sent()), ("a??b", "?"));
        assert_eq!(difference.expected.len(), SHOWN_CHARS_MAX + 3);
    }
}
