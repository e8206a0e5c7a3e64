//! The cookies of this server: their names, and the attributes that they are set with.

use http::{HeaderMap, HeaderValue, header};
use protocol::fields;

use crate::{answer::Answer, settings::Settings};

/// Ends a cookie: an empty value, which opens nothing, expires a second later. Chromium keeps even `no-store` pages for
/// its Back button until a cookie is written, and a deletion (`Max-Age=0`) does not count.
const EMPTIED: &str = "; Max-Age=1";

/// What precedes the id in the name of an interaction's cookie.
const INTERACTION: &str = "passavant_interaction_";
/// Keeps the cookie of a known browser for 180 days after the last sign-in.
const KNOWN: &str = "; Max-Age=15552000";

/// A cookie of this server. `Lax`, since a `Strict` one set on a cross-site arrival is not sent on the redirect that
/// follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Holds a [`SessionToken`](protocol::SessionToken), and the code of its session ([`session`](crate::session)).
    Session,
    /// Holds the [`BrowserSecret`](protocol::BrowserSecret) of the interaction with this id, and its client. Each interaction has a
    /// cookie of its own: one that all shared would be replaced by the last of several tabs that open at once.
    Interaction(i64),
    /// Holds the [`BrowserSecret`](protocol::BrowserSecret) of every interaction that an earlier version stored. It is
    /// only read.
    Browser,
    /// Tells in which browser an account signed in before ([`known_browser`](crate::known_browser)).
    Known,
}

impl Cookie {
    /// `__Host-` and `Secure` need https; on http, which only loopback may use, browsers refuse them.
    fn name(self, settings: &Settings) -> String {
        let prefix = prefix(settings);
        match self {
            Self::Session => format!("{prefix}passavant_session"),
            // As hexadecimal digits, since an id orders the cookies of a browser by age.
            Self::Interaction(id) => format!("{prefix}{INTERACTION}{id:016x}"),
            Self::Browser => format!("{prefix}passavant_browser"),
            Self::Known => format!("{prefix}passavant_known"),
        }
    }

    /// Its values, in the order in which the browser sent them: a page of a sibling host may have set another one of the
    /// same name (RFC 6265 §8.6), so the reader takes the first that is valid.
    pub(crate) fn values<'h>(
        self,
        settings: &Settings,
        headers: &'h HeaderMap,
    ) -> impl Iterator<Item = &'h str> + use<'h> {
        let name = self.name(settings);
        pairs(headers).filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The cookies of interactions that the browser sent: the id of each, and its value.
    pub(crate) fn interactions<'h>(
        settings: &Settings,
        headers: &'h HeaderMap,
    ) -> impl Iterator<Item = (i64, &'h str)> {
        let prefix = prefix(settings);
        pairs(headers).filter_map(move |(name, value)| {
            let id = name.strip_prefix(prefix)?.strip_prefix(INTERACTION)?;
            Some((i64::from_str_radix(id, 16).ok()?, value))
        })
    }

    /// Sets it: one of a known browser for half a year, one of a session for as long as that can last if the settings say
    /// so, others until the browser is closed; `None` ends it.
    pub(crate) fn set(self, settings: &Settings, answer: &mut Answer, value: Option<&str>) {
        let secure = if settings.is_https() { "; Secure" } else { "" };
        let end = match (self, value) {
            (_, None) => EMPTIED.to_owned(),
            (Self::Session, Some(_)) if settings.session_cookie_persistent => {
                format!("; Max-Age={}", settings.session_absolute_lifetime)
            }
            (Self::Known, Some(_)) => KNOWN.to_owned(),
            (_, Some(_)) => String::new(),
        };
        let (name, value) = (self.name(settings), value.unwrap_or(""));
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{end}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

fn prefix(settings: &Settings) -> &'static str {
    if settings.is_https() { "__Host-" } else { "" }
}

/// The names and values that the browser sent.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    fields::cookies(headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes))
}
