//! What is wrong with a registration, or worth a warning, and where.

use std::fmt;

/// One thing that is wrong, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A JSON pointer (RFC 6901) into the document that was given. Empty: the document itself.
    pub pointer: String,
    /// What is wrong, and what helps. Never shows a secret.
    pub text: String,
    /// The registered name that was probably meant.
    pub suggestion: Option<String>,
}

impl Finding {
    /// A finding at a pointer.
    pub fn new(pointer: impl Into<String>, text: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), text: text.into(), suggestion: None }
    }

    /// What is wrong, with the suggestion and without the pointer.
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

/// Everything that was found so far.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Each of them keeps the whole document from being registered.
    pub wrongs: Vec<Finding>,
    /// Registered all the same.
    pub warnings: Vec<Finding>,
}

impl Findings {
    /// Notes that something is wrong. The first finding at a pointer says most, and stays the only one there.
    pub fn refuse(&mut self, finding: Finding) {
        if !self.is_wrong(&finding.pointer) {
            self.wrongs.push(finding);
        }
    }

    /// Notes something that is worth a warning.
    pub fn warn(&mut self, finding: Finding) {
        self.warnings.push(finding);
    }

    /// Whether something is wrong at this pointer.
    pub fn is_wrong(&self, pointer: &str) -> bool {
        self.wrongs.iter().any(|wrong| wrong.pointer == pointer)
    }
}

/// Everything that is wrong with what was to be registered; at least one thing. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationError(pub Vec<Finding>);

impl fmt::Display for RegistrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was changed:")?;
        self.0.iter().try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

impl std::error::Error for RegistrationError {}

/// A JSON pointer one step further (RFC 6901 §3).
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
