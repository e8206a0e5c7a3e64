//! A refusal as a page, where a request can't be answered by a redirect.

use http::{HeaderValue, StatusCode, header, request::Parts};

use super::ErrorPage;
use crate::{
    AuthorizationServer,
    answer::{self, Answer, log_fault, name_reason},
    error::{Error, Fault},
    incoming::RequestHead as _,
    reason::Reason,
};

impl AuthorizationServer {
    /// An error as a page in the host's style.
    pub fn error_page(&self, head: &Parts, error: &Error) -> Answer {
        error_page(self, head, error, Vec::new())
    }
}

/// An error that is shown on a page, with facts for the developer of the client.
#[derive(Debug)]
pub(crate) struct PageError {
    pub(crate) error: Error,
    /// What was sent, and how to fix it: label and text.
    pub(crate) facts: Vec<(&'static str, String)>,
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self { error, facts: Vec::new() }
    }
}

impl From<Reason> for PageError {
    fn from(reason: Reason) -> Self {
        Error::Refused(reason).into()
    }
}

impl From<Fault> for PageError {
    fn from(fault: Fault) -> Self {
        Error::Failed(fault).into()
    }
}

/// The answer of an endpoint that browsers visit.
pub(crate) fn answer_or_page(
    server: &AuthorizationServer,
    head: &Parts,
    answer: Result<Answer, PageError>,
) -> Answer {
    answer.unwrap_or_else(|PageError { error, facts }| error_page(server, head, &error, facts))
}

/// A page instead of a redirect: 4xx with the slug, the code and the request id.
fn error_page(
    server: &AuthorizationServer,
    head: &Parts,
    error: &Error,
    mut facts: Vec<(&'static str, String)>,
) -> Answer {
    if matches!(error, Error::Refused(Reason::HostMismatch)) {
        facts.push(open_instead(server, head));
    }
    let (status, slug, code, description) = match error {
        Error::Refused(reason) => {
            let status = if *reason == Reason::InteractionBrowserMismatch { 403 } else { 400 };
            (status, reason.slug(), reason.code().as_str(), reason.description())
        }
        Error::Failed(fault) => {
            let code = log_fault(fault);
            (
                code.status(),
                "server_error",
                code.as_str(),
                "Something went wrong on our side. Please try again.",
            )
        }
    };
    let request_id = head.request_id().to_owned();
    let page = ErrorPage { status, slug, code, description: description.to_owned(), facts, request_id };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer = html(status, server.pages().error(&page));
    if let Error::Refused(reason) = error {
        name_reason(&mut answer, *reason);
    }
    answer
}

/// A page without forms and scripts, with style only from this origin.
fn html(status: StatusCode, body: String) -> Answer {
    let mut answer = answer::empty(status);
    *answer.body_mut() = body.into();
    let headers = answer.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
             frame-ancestors 'none'; form-action 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The URL of a page that was opened under another host.
fn open_instead(server: &AuthorizationServer, head: &Parts) -> (&'static str, String) {
    ("Open", server.settings().url(head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)))
}
