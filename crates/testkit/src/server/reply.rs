//! A response of the server, and assertions about it.

use std::collections::BTreeMap;

use http::{HeaderMap, Response, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use server::{Answer, Reason};

use super::Running;

/// A complete response.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
    reason: Option<Reason>,
    issuer: String,
}

impl Reply {
    pub(crate) async fn read(answer: Answer, issuer: &str) -> Self {
        let (head, body): (_, _) = Response::into_parts(answer);
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            reason: head.extensions.get::<Reason>().copied(),
            issuer: issuer.to_owned(),
        }
    }

    /// The answer that a host's page returns, or its error page.
    pub async fn read_from(server: &Running, answer: Result<Answer, server::Error>) -> Self {
        let page = |error| {
            let head = http::Request::new(()).into_parts().0;
            server.authorization_server.error_page(&head, &error)
        };
        Self::read(answer.unwrap_or_else(page), server.issuer()).await
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason of the refusal, if it is one.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// The first header of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every header of this name that is text.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// The body.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The text of a member of the body.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn member(&self, name: &str) -> String {
        match &self.json()[name] {
            Value::String(text) => text.clone(),
            other => panic!("{name} is {other}: {self:?}"),
        }
    }

    /// Where it redirects to, without the query, and the parameters of the query.
    ///
    /// # Panics
    /// If it does not redirect.
    #[track_caller]
    pub fn location(&self) -> (String, BTreeMap<String, String>) {
        let location = self.header(header::LOCATION.as_str());
        split_url(location.unwrap_or_else(|| panic!("it does not redirect: {self:?}")))
    }

    /// Where the form of the page is sent, and its fields (OAuth 2.0 Form Post Response Mode).
    ///
    /// # Panics
    /// If it is no such page.
    #[track_caller]
    pub fn form(&self) -> (String, BTreeMap<String, String>) {
        let attribute = |rest: &str, name: &str| {
            let (_, rest) = rest.split_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| unescape(value))
        };
        let (_, form) = self.body.split_once("<form method=\"post\"").unwrap_or_else(|| panic!("{self:?}"));
        let action = attribute(form, "action").unwrap_or_else(|| panic!("{self:?}"));
        let fields = form.split("<input type=\"hidden\"").skip(1);
        let fields = fields.filter_map(|field| Some((attribute(field, "name")?, attribute(field, "value")?)));
        (action, fields.collect())
    }

    /// Asserts that it is a 200.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{self:?}");
        self
    }

    /// Asserts that it is a refusal for this reason, with the matching status, error code, description and challenge;
    /// as JSON, as a redirect (RFC 6749 §4.1.2.1) or as a page.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn refused(&self, reason: Reason) -> &Self {
        assert_eq!(self.reason, Some(reason), "{self:?}");
        let content_type = self.header("content-type").unwrap_or("");
        if self.status == 303 {
            let (_, params) = self.location();
            self.check_params(reason, &params);
        } else if self.status == 200 && content_type.starts_with("text/html") {
            let (_, params) = self.form();
            self.check_params(reason, &params);
        } else if content_type.starts_with("text/html") {
            self.check_page(reason);
        } else {
            self.check_json(reason);
        }
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        self
    }

    #[track_caller]
    fn check_params(&self, reason: Reason, params: &BTreeMap<String, String>) {
        let param = |name: &str| params.get(name).map(String::as_str);
        assert_eq!(param("error"), Some(reason.code().as_str()), "{self:?}");
        assert_eq!(param("error_description"), Some(reason.description()), "{self:?}");
        assert_eq!(param("iss"), Some(&*self.issuer), "{self:?}");
        assert_eq!(param("code"), None, "{self:?}");
    }

    #[track_caller]
    fn check_page(&self, reason: Reason) {
        assert!((400..500).contains(&self.status), "{self:?}");
        assert!(self.body.contains(reason.slug()), "no slug: {self:?}");
        assert!(self.body.contains(reason.code().as_str()), "no code: {self:?}");
        assert_eq!(self.header("location"), None, "{self:?}");
        assert_eq!(self.header("x-frame-options"), Some("DENY"), "{self:?}");
    }

    #[track_caller]
    fn check_json(&self, reason: Reason) {
        let status = match reason {
            Reason::MethodNotAllowed => 405,
            Reason::BodyTooLarge if matches!(self.status, 413 | 414) => self.status,
            Reason::ClientFailuresTooMany | Reason::PushedTooMany | Reason::RegistrationsTooMany => 429,
            // A failed proof is a failed authentication where a token is used (RFC 9449 §7.1).
            other if self.status == 401 && is_of_proof(other) => 401,
            other => other.code().status(),
        };
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.member("error"), reason.code().as_str());
        let description = self.member("error_description");
        match reason {
            // These say what is wrong with which member.
            Reason::RegistrationUriInvalid | Reason::RegistrationMemberInvalid => {
                assert!(description.starts_with(&format!("{}: /", reason.description())), "{self:?}");
            }
            _ => assert_eq!(description, reason.description()),
        }
        let challenge = self.header("www-authenticate");
        if status == 401 {
            let challenge = challenge.unwrap_or_else(|| panic!("no challenge: {self:?}"));
            assert!(
                challenge.starts_with("Basic ")
                    || ["Bearer", "DPoP "].iter().any(|scheme| challenge.starts_with(scheme)),
                "{self:?}"
            );
        }
    }
}

/// Whether the refusal is one of a DPoP proof.
fn is_of_proof(reason: Reason) -> bool {
    matches!(reason.code(), protocol::ErrorCode::InvalidDpopProof | protocol::ErrorCode::UseDpopNonce)
}

fn unescape(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    named.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// A URL without its query and fragment, and the parameters of both, decoded.
pub(super) fn split_url(url: &str) -> (String, BTreeMap<String, String>) {
    let (before, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (before, query) = before.split_once('?').unwrap_or((before, ""));
    let both = format!("{query}&{fragment}");
    let params = protocol::Params::parse(both.as_bytes()).expect("a query that reads");
    let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (before.to_owned(), params)
}
