//! Cookies: who is signed in in this browser, and which browser it is.

use http::{HeaderMap, HeaderValue, header};
use protocol::{BrowserSecret, SessionId, SessionToken, Timestamp};

use crate::{
    AuthorizationServer,
    answer::Answer,
    error::Fault,
    settings::Settings,
    store::{Session, SessionChange},
};

/// Seconds between two notes that a session was used.
const TOUCH_SECONDS: i64 = 60;
/// Behind an empty value, which is nobody's: the cookie is written anew, and gone a second later. Chromium keeps even
/// `no-store` pages for its Back button until a cookie is written, and a deletion (`Max-Age=0`) does not count.
const EMPTIED: &str = "; Max-Age=1";

/// A cookie of this server. `Lax`, since a `Strict` one set on a cross-site arrival is not sent on the redirect that
/// follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Holds a [`SessionToken`].
    Session,
    /// Holds a [`BrowserSecret`].
    Browser,
}

impl Cookie {
    /// `__Host-` and `Secure` belong to https; on http, which is loopback alone, browsers refuse them.
    fn name(self, settings: &Settings) -> &'static str {
        match (self, settings.is_https()) {
            (Self::Session, true) => "__Host-passavant_session",
            (Self::Session, false) => "passavant_session",
            (Self::Browser, true) => "__Host-passavant_browser",
            (Self::Browser, false) => "passavant_browser",
        }
    }

    fn value<'h>(self, settings: &Settings, headers: &'h HeaderMap) -> Option<&'h str> {
        let name = self.name(settings);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A session cookie of the browser; `None` ends it.
    pub(crate) fn set(self, settings: &Settings, answer: &mut Answer, value: Option<&str>) {
        let secure = if settings.is_https() { "; Secure" } else { "" };
        let end = if value.is_none() { EMPTIED } else { "" };
        let (name, value) = (self.name(settings), value.unwrap_or(""));
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{end}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

/// The browser's secret, if it brought one.
pub(crate) fn browser(server: &AuthorizationServer, headers: &HeaderMap) -> Option<BrowserSecret> {
    BrowserSecret::presented(Cookie::Browser.value(server.settings(), headers)?)
}

/// Who is signed in in this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedIn {
    pub(crate) id: SessionId,
    pub(crate) session: Session,
}

impl SignedIn {
    /// That it was used, where that is worth a note.
    pub(crate) fn touch(&self, now: Timestamp) -> Option<SessionChange> {
        (now.since(self.session.seen_at) >= TOUCH_SECONDS).then_some(SessionChange::Touch(self.id, now))
    }
}

/// Reads the session cookie. An ended or expired session is none.
pub(crate) async fn current(
    server: &AuthorizationServer,
    headers: &HeaderMap,
) -> Result<Option<SignedIn>, Fault> {
    let settings = server.settings();
    let Some(token) = Cookie::Session.value(settings, headers).and_then(SessionToken::presented) else {
        return Ok(None);
    };
    let handle = token.handle();
    let session = server.store().session(handle).await?.and_then(|stored| stored.open(&handle));
    let now = server.now();
    Ok(session
        .filter(|session| session.expires_at > now && session.seen_at + settings.session_idle_lifetime > now)
        .map(|session| SignedIn { id: token.session(), session }))
}
