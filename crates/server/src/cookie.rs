//! The cookies of this server: their names, and the attributes that they are set with.

use http::{HeaderMap, HeaderValue, header};

use crate::{answer::Answer, settings::Settings};

/// Ends a cookie: an empty value, which opens nothing, expires a second later. Chromium keeps even `no-store` pages for
/// its Back button until a cookie is written, and a deletion (`Max-Age=0`) does not count.
const EMPTIED: &str = "; Max-Age=1";

/// A cookie of this server. `Lax`, since a `Strict` one set on a cross-site arrival is not sent on the redirect that
/// follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Holds a [`SessionToken`](protocol::SessionToken).
    Session,
    /// Holds a [`BrowserSecret`](protocol::BrowserSecret).
    Browser,
}

impl Cookie {
    /// `__Host-` and `Secure` need https; on http, which only loopback may use, browsers refuse them.
    fn name(self, settings: &Settings) -> &'static str {
        match (self, settings.is_https()) {
            (Self::Session, true) => "__Host-passavant_session",
            (Self::Session, false) => "passavant_session",
            (Self::Browser, true) => "__Host-passavant_browser",
            (Self::Browser, false) => "passavant_browser",
        }
    }

    /// Its value, if the browser sent it.
    pub(crate) fn value<'h>(self, settings: &Settings, headers: &'h HeaderMap) -> Option<&'h str> {
        let name = self.name(settings);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Sets it until the browser is closed, or, if settings say so, for as long as a session can last; `None` ends it.
    pub(crate) fn set(self, settings: &Settings, answer: &mut Answer, value: Option<&str>) {
        let secure = if settings.is_https() { "; Secure" } else { "" };
        let end = match (self, value) {
            (_, None) => EMPTIED.to_owned(),
            (Self::Session, Some(_)) if settings.session_cookie_persistent => {
                format!("; Max-Age={}", settings.session_absolute_lifetime)
            }
            (Self::Session | Self::Browser, Some(_)) => String::new(),
        };
        let (name, value) = (self.name(settings), value.unwrap_or(""));
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{end}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}
