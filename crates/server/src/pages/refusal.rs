//! A refusal as a page, where a request can't be answered by a redirect.

use http::{StatusCode, request::Parts};

use super::{ErrorPage, OPEN, document, host};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, log_fault, name_reason},
    error::{Error, Fault},
    incoming::RequestHead as _,
    reason::Reason,
    refusal::{Difference, mending, sayable},
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
    /// What differed from what was expected.
    pub(crate) difference: Option<Difference>,
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self { error, facts: Vec::new(), difference: None }
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
    answer.unwrap_or_else(|PageError { error, facts, difference }| {
        let error = head.explain(error, |_| difference);
        error_page(server, head, &error, facts)
    })
}

/// A page instead of a redirect: 4xx with the slug, the code and the request id.
fn error_page(
    server: &AuthorizationServer,
    head: &Parts,
    error: &Error,
    mut facts: Vec<(&'static str, String)>,
) -> Answer {
    match error {
        Error::Refused(reason) => {
            match reason {
                Reason::HostMismatch => facts.extend(host::facts(server.settings(), head)),
                // Whoever is at this browser can at least sign in here.
                Reason::InteractionBrowserMismatch => facts.push((OPEN, account_url(server))),
                _ => {}
            }
            if server.settings().explain_refusals {
                facts.extend(differing(head, *reason));
            }
            page(server, head.request_id(), *reason, facts)
        }
        Error::Failed(fault) => {
            let code = log_fault(fault);
            let page = ErrorPage {
                status: code.status(),
                slug: "server_error",
                code: code.as_str(),
                description: "Something went wrong on our side. Please try again.".to_owned(),
                facts,
                request_id: head.request_id().to_owned(),
            };
            html(server, &page)
        }
    }
}

/// In development, the page says what differed, and the command that mends it.
fn differing(head: &Parts, reason: Reason) -> Vec<(&'static str, String)> {
    let Some(notes) = head.context() else { return Vec::new() };
    let Some(difference) = sayable(notes, reason) else { return Vec::new() };
    let command = mending(reason.slug(), notes.client().as_ref(), Some(&difference));
    let sent = format!("{}: {}", difference.what, difference.sent());
    let command = command.map(|command| ("Command", command));
    [("Difference", sent), ("Expected", difference.expected.into())].into_iter().chain(command).collect()
}

/// The page of a refusal.
pub(crate) fn page(
    server: &AuthorizationServer,
    request_id: &str,
    reason: Reason,
    facts: Vec<(&'static str, String)>,
) -> Answer {
    let status = match reason {
        Reason::InteractionBrowserMismatch => 403,
        Reason::UserCodesTooMany => 429,
        _ => 400,
    };
    let (slug, code, description) = (reason.slug(), reason.code().as_str(), reason.description().to_owned());
    let page = ErrorPage { status, slug, code, description, facts, request_id: request_id.to_owned() };
    let mut answer = html(server, &page);
    name_reason(&mut answer, reason);
    answer
}

/// A page without forms.
fn html(server: &AuthorizationServer, page: &ErrorPage) -> Answer {
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::BAD_REQUEST);
    document(server.settings(), status, server.pages().error(page), None)
        .unwrap_or_else(|_| answer::empty(status))
}

fn account_url(server: &AuthorizationServer) -> String {
    server.settings().url(&server.settings().pages.account)
}
