//! Which browser it is: the cookie that an interaction belongs to.

use http::HeaderMap;
use protocol::BrowserSecret;

use crate::{AuthorizationServer, cookie::Cookie};

/// The browser's secret, if it brought one.
pub(super) fn known(server: &AuthorizationServer, headers: &HeaderMap) -> Option<BrowserSecret> {
    BrowserSecret::presented(Cookie::Browser.value(server.settings(), headers)?)
}
