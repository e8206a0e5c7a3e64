//! A cookie as the browser keeps it.

use serde_json::Value;

/// A cookie as the browser keeps it. Its value is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// The path it is sent to.
    pub path: String,
    /// Whether scripts can't read it.
    pub is_http_only: bool,
    /// Whether it is sent over https only.
    pub is_secure: bool,
    /// `Strict`, `Lax` or `None`; empty if the server did not set it.
    pub same_site: String,
}

impl Cookie {
    /// A cookie as the driver reports it (WebDriver §14).
    pub(super) fn of(cookie: &Value) -> Self {
        let text = |member: &str| cookie[member].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            path: text("path"),
            is_http_only: cookie["httpOnly"] == true,
            is_secure: cookie["secure"] == true,
            same_site: text("sameSite"),
        }
    }
}
