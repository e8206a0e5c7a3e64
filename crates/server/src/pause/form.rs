//! Protection of forms against cross-site requests (RFC 9700 §4.7).

use http::{header, request::Parts};
use protocol::uri;

use super::open::OpenInteraction;
use crate::{error::Error, reason::Reason};

impl OpenInteraction {
    /// The value that a form must send back as `csrf`, bound to this interaction and this browser.
    pub fn csrf(&self) -> String {
        let digests = [*self.handle.digest.as_bytes(), *self.browser.handle().digest.as_bytes()];
        self.server.master().form_token(digests.as_flattened())
    }

    /// The `form-action` directive of the page's Content Security Policy: it applies to the redirect that follows the
    /// form, and to the client's own next redirect.
    pub fn form_action(&self) -> String {
        let mut sources = "'self' https:".to_owned();
        let scheme = self.redirect_uri().and_then(|uri| uri.split_once(':')).map(|(scheme, _)| scheme);
        match scheme {
            Some("http") => sources.push_str(" http:"),
            Some("https") | None => {}
            Some(custom) => sources.push_str(&format!(" {custom}:")),
        }
        sources
    }

    /// Checks that a form was submitted by this page in this browser (RFC 9700 §4.7).
    ///
    /// # Errors
    /// [`Reason::FormCrossSite`].
    pub fn check_form(&self, head: &Parts, csrf: Option<&str>) -> Result<(), Error> {
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let same_site = match (header("sec-fetch-site"), header(header::ORIGIN.as_str())) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) if origin != "null" => {
                uri::origin(self.server.settings().issuer.as_str()).as_deref() == Some(origin)
            }
            (None, _) => true,
        };
        let expected = self.csrf();
        let known =
            csrf.is_some_and(|sent| jose::primitives::constant_time_eq(sent.as_bytes(), expected.as_bytes()));
        if same_site && known { Ok(()) } else { Err(Reason::FormCrossSite.into()) }
    }
}
