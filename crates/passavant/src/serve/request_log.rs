//! The line of a request in the log: one, whether it was refused or not.

use std::time::Duration;

use http::{Extensions, Method, Request, StatusCode, Uri};
use protocol::Timestamp;
use server::{Difference, Refusal, RequestContext, Severity, SubjectForLogs, mending, store::RefusedRequest};
use serving::Client;
use tracing::{Level, field::display};

/// Longest path in a log line, in bytes.
const LOGGED_BYTES_MAX: usize = 128;

/// The target of the line, by which `log.filter` selects it.
const TARGET: &str = "http.request";

/// What a line says of a request, from before it is answered.
pub(super) struct RequestLog {
    method: Method,
    uri: Uri,
    /// What its endpoint or its page knows of it.
    pub(super) context: RequestContext,
}

/// How a request was answered.
pub(super) struct Outcome<'a> {
    pub(super) client: &'a Client,
    pub(super) status: StatusCode,
    /// Whether it asked for a document that anybody may read, or for the server's health.
    pub(super) is_routine: bool,
    pub(super) took: Duration,
}

impl RequestLog {
    pub(super) fn of<B>(request: &Request<B>, context: RequestContext) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone(), context }
    }

    /// Writes the line. Returns the refusal, if it is one.
    pub(super) fn write(&self, outcome: &Outcome<'_>, answer: &Extensions) -> Option<Refusal> {
        let refusal = self.context.refusal(answer);
        let status = outcome.status;
        let level = match &refusal {
            Some(refusal) if refusal.severity == Severity::Suspicious => Level::WARN,
            Some(_) => Level::INFO,
            None if outcome.is_routine && !status.is_client_error() && !status.is_server_error() => {
                Level::DEBUG
            }
            None => Level::INFO,
        };
        self.line(level, outcome, refusal.as_ref());
        refusal
    }

    /// Writes the line at this level. Nothing is formatted or looked up unless the line is written.
    fn line(&self, level: Level, outcome: &Outcome<'_>, refusal: Option<&Refusal>) {
        let is_written = match level {
            Level::WARN => tracing::enabled!(target: TARGET, Level::WARN),
            Level::INFO => tracing::enabled!(target: TARGET, Level::INFO),
            _ => tracing::enabled!(target: TARGET, Level::DEBUG),
        };
        if !is_written {
            return;
        }
        let Self { method, context, .. } = self;
        let (client, subject, inactive) = (context.client(), context.subject(), context.inactive());
        let difference = refusal.and_then(|refusal| refusal.difference.as_ref());
        let fix = refusal.and_then(|refusal| mending(refusal.slug, client.as_ref(), difference));
        let (fix, reason) = (fix.as_deref(), refusal.map(|refusal| refusal.slug));
        let [what, sent, expected] = Difference::fields(difference);
        let client = client.as_ref().map(display);
        let subject = subject.as_ref().map(|subject| display(SubjectForLogs(subject)));
        let (request_id, peer, forwarding) = (context.id(), outcome.client.address, outcome.forwarding());
        let (route, status, ms) = (self.route(), outcome.status.as_u16(), outcome.millis());
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: TARGET,
                    request_id, client, subject, %peer, forwarding, %method, route, status, ms, inactive, reason, what,
                    sent, expected, fix, "http.request"
                )
            };
        }
        match level {
            Level::WARN => line!(warn),
            Level::INFO => line!(info),
            _ => line!(debug),
        }
    }

    /// The refused request as it is kept.
    pub(super) fn refused(&self, outcome: &Outcome<'_>, refusal: Refusal, at: Timestamp) -> RefusedRequest {
        RefusedRequest {
            request_id: self.context.id().into(),
            at,
            route: format!("{} {}", self.method, self.route()).into(),
            status: outcome.status.as_u16(),
            reason: refusal.slug.into(),
            client: self.context.client(),
            subject: self.context.subject(),
            peer: Some(outcome.client.address),
            difference: refusal.difference,
        }
    }

    /// The path, never the query, which may hold credentials and personal data.
    fn route(&self) -> &str {
        let path = self.uri.path();
        path.get(..LOGGED_BYTES_MAX).unwrap_or(path)
    }
}

impl Outcome<'_> {
    /// How long it took, to the microsecond.
    fn millis(&self) -> f64 {
        Duration::as_micros(&self.took) as f64 / 1e3
    }

    fn forwarding(&self) -> Option<&'static str> {
        (self.client.is_undeclared && self.status.as_u16() >= 400)
            .then_some("ignored: http.trusted_proxies does not name this peer")
    }
}
