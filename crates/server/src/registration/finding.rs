//! Errors and warnings of a registration, and their places.

use std::fmt;

/// An error or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A JSON pointer (RFC 6901) into the given document. Empty: the document itself.
    pub pointer: String,
    /// What is wrong, and how to correct it. Never contains a secret.
    pub text: String,
    /// A similar registered name.
    pub suggestion: Option<String>,
}

impl Finding {
    /// A finding at a pointer.
    pub fn new(pointer: impl Into<String>, text: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), text: text.into(), suggestion: None }
    }

    /// The text with the suggestion, without the pointer.
    pub fn message(&self) -> String {
        match &self.suggestion {
            Some(name) => format!("{}; did you mean `{name}`?", self.text),
            None => self.text.clone(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message()),
            pointer => write!(f, "{pointer}: {}", self.message()),
        }
    }
}

/// The errors and warnings so far.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Errors. Any of them prevents the registration of the whole document.
    pub wrongs: Vec<Finding>,
    /// Warnings, which do not prevent the registration.
    pub warnings: Vec<Finding>,
}

impl Findings {
    /// Adds an error, unless there is one at the same pointer.
    pub fn refuse(&mut self, finding: Finding) {
        if !self.is_wrong(&finding.pointer) {
            self.wrongs.push(finding);
        }
    }

    /// Adds a warning.
    pub fn warn(&mut self, finding: Finding) {
        self.warnings.push(finding);
    }

    /// Whether there is an error at this pointer.
    pub fn is_wrong(&self, pointer: &str) -> bool {
        self.wrongs.iter().any(|wrong| wrong.pointer == pointer)
    }
}

/// The errors of a registration, at least one. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationError(pub Vec<Finding>);

impl fmt::Display for RegistrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was changed:")?;
        self.0.iter().try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

impl std::error::Error for RegistrationError {}

/// Appends a step to a JSON pointer (RFC 6901 §3).
pub fn pointer(base: &str, step: &str) -> String {
    format!("{base}/{}", step.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_what_it_is_made_of() {
        assert_eq!(pointer("/clients/0", "a/b~c"), "/clients/0/a~1b~0c");
    }

    #[test]
    fn the_first_finding_at_a_pointer_stays() {
        let mut findings = Findings::default();
        findings.refuse(Finding::new("/a", "first"));
        findings.refuse(Finding::new("/a", "second"));
        let error = RegistrationError(findings.wrongs);
        assert_eq!(error.to_string(), "nothing was changed:\n  /a: first");
    }
}
