//! The browser's cookie: a secret that every interaction is bound to.

use http::HeaderMap;
use protocol::BrowserSecret;

use crate::{AuthorizationServer, answer::Answer, cookie::Cookie};

/// The secret of the browser, if it sent one.
pub(super) fn known(server: &AuthorizationServer, headers: &HeaderMap) -> Option<BrowserSecret> {
    BrowserSecret::presented(Cookie::Browser.value(server.settings(), headers)?)
}

/// A browser, and whether it has its cookie yet.
pub(super) struct Browser {
    pub(super) secret: BrowserSecret,
    is_new: bool,
}

impl Browser {
    /// Recognizes the browser, or draws a secret for it.
    pub(super) fn of(server: &AuthorizationServer, headers: &HeaderMap) -> Self {
        match known(server, headers) {
            Some(secret) => Self { secret, is_new: false },
            None => Self { secret: server.draw(BrowserSecret::mint), is_new: true },
        }
    }

    /// Sets the cookie of a new browser.
    pub(super) fn mark(&self, server: &AuthorizationServer, answer: &mut Answer) {
        if self.is_new {
            Cookie::Browser.set(server.settings(), answer, Some(&self.secret.expose()));
        }
    }
}
