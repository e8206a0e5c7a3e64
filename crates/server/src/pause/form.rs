//! Protection of forms against cross-site requests (RFC 9700 §4.7).

use http::{HeaderValue, header, request::Parts};
use protocol::uri;

use super::{ending::request_purpose, open::OpenInteraction};
#[cfg(doc)]
use crate::AuthorizationServer;
use crate::{
    error::{Error, Fault},
    incoming::RequestHead as _,
    reason::Reason,
    refusal::Difference,
    settings::Settings,
};

/// Longest request that a form carries, in bytes of its encrypted text: less than
/// [`PARAMETER_VALUE_BYTES_MAX`](protocol::limits::PARAMETER_VALUE_BYTES_MAX).
const CARRIED_BYTES_MAX: usize = 15 * 1024;

impl OpenInteraction {
    /// The value that a form must send back as `csrf`, bound to this interaction and this browser.
    pub fn csrf(&self) -> String {
        let digests = [*self.handle.digest.as_bytes(), *self.browser.secret.handle().digest.as_bytes()];
        self.server.master().form_token(digests.as_flattened())
    }

    /// The request itself, for a form to send back as `request`: encrypted, and good for this interaction in this
    /// browser only. [`AuthorizationServer::reopen`] starts from it where the interaction was deleted meanwhile, since
    /// the page was left open for long. `None` where it is longer than a form should be.
    ///
    /// # Errors
    /// None that is expected.
    pub fn request(&self) -> Result<Option<String>, Fault> {
        let plain = serde_json::to_vec(&self.paused.pending).map_err(Fault::new)?;
        let purpose = request_purpose(&self.handle, &self.browser.secret);
        let sealed = jose::base64url::encode(&self.server.master().seal(&purpose, &plain));
        Ok(Some(sealed).filter(|sealed| sealed.len() <= CARRIED_BYTES_MAX))
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
        let expected = self.csrf();
        let known =
            csrf.is_some_and(|sent| jose::primitives::constant_time_eq(sent.as_bytes(), expected.as_bytes()));
        same_site(head, self.server.settings())?;
        if known {
            return Ok(());
        }
        let differs = || Some(Difference::new("csrf", "nothing, or another value", "the value of the page"));
        Err(head.differs(Reason::FormCrossSite, differs).into())
    }
}

/// Refuses a form that another site submitted, as far as the browser tells.
pub(crate) fn same_site(head: &Parts, settings: &Settings) -> Result<(), Error> {
    let header = |name: &str| head.headers.get(name).map(HeaderValue::as_bytes);
    let (site, origin) = (header("sec-fetch-site"), header(header::ORIGIN.as_str()));
    let is_same = match (site, origin) {
        (Some(site), _) => site == b"same-origin",
        (None, Some(origin)) if origin != b"null" => {
            uri::origin(settings.issuer.as_str()).is_some_and(|own| own.as_bytes() == origin)
        }
        (None, _) => true,
    };
    if is_same {
        return Ok(());
    }
    let sent = site.or(origin).map(String::from_utf8_lossy).unwrap_or_default();
    let crossing = || Some(Difference::new("Sec-Fetch-Site or Origin", &*sent, "the issuer's own site"));
    Err(head.differs(Reason::FormCrossSite, crossing).into())
}
