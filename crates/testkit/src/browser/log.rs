//! The log of the browser: errors, and violations of a policy.

use std::fmt;

use serde_json::Value;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    level: String,
    source: String,
    text: String,
}

impl Complaint {
    /// An entry of chromedriver's log.
    pub(super) fn of(entry: &Value) -> Self {
        let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
        Self { level: text("level"), source: text("source"), text: text("message") }
    }

    /// Whether it is a violation of a policy: Chromium marks these only by their text.
    pub(super) fn is_csp_violation(&self) -> bool {
        self.text.contains("Content Security Policy")
    }

    /// Whether it is an error of a script or of loading, and not a violation.
    pub(super) fn is_console_error(&self) -> bool {
        self.level == "SEVERE" && !self.is_csp_violation()
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn csp_violation_is_not_a_console_error_and_an_info_message_is_neither() {
        let complaint = |level: &str, message: &str| {
            Complaint::of(&json!({ "level": level, "source": "security", "message": message }))
        };
        let violation = complaint("SEVERE", "Refused to .. Content Security Policy directive: ..");
        assert!(violation.is_csp_violation() && !violation.is_console_error());
        let error = complaint("SEVERE", "Uncaught ReferenceError");
        assert!(!error.is_csp_violation() && error.is_console_error());
        let remark = complaint("INFO", "hello");
        assert!(!remark.is_csp_violation() && !remark.is_console_error());
    }
}
