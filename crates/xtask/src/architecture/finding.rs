//! The findings of `cargo xtask architecture`.

use std::fmt;

/// One thing that is against the design: where, what is wrong, and how to put it right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) place: String,
    pub(super) wrong: String,
    pub(super) fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    fix: {}", self.place, self.wrong, self.fix)
    }
}
