//! `explain`: why a request was refused, and what mends it.

use accounts::{SIGN_IN_FAILED, SIGN_IN_FAILURES_TOO_MANY};
use serde_json::{Map, Value, json};
use server::{
    CALLER_NOT_ALLOWED, Reason, mending,
    store::{REFUSALS_KEPT_SECONDS, REFUSALS_MAX, RefusedRequest},
};

use crate::{
    global::Global,
    serve::REFUSALS_PER_SECOND_MAX,
    terminal::{Exit, Failure, Format, Layout, output},
};

/// What a table shows, in this order.
const SHEET: Layout = Layout {
    quiet: &[
        "request_id",
        "at",
        "route",
        "status",
        "client_id",
        "sub",
        "peer",
        "reason",
        "rule",
        "what",
        "sent",
        "marked",
        "expected",
        "fix",
    ],
    columns: &["request_id", "at", "route", "client_id", "peer", "reason", "sent", "expected"],
};
const QUIET: Layout = Layout { quiet: &["reason"], columns: &[] };

/// Which request.
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The id of the request: in the X-Request-Id header of its answer, on its error page, and in the log
    request_id: String,
}

impl ExplainArgs {
    /// Prints why the request was refused.
    ///
    /// # Errors
    /// [`Failure`] with its exit code.
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let installation = global.installation().await?;
        let refused = installation.server.store().refusals(self.request_id.trim()).await?;
        let records: Vec<Value> = refused.iter().map(|refused| record(refused).into()).collect();
        let layout = if global.format == Format::Quiet { &QUIET } else { &SHEET };
        match records.as_slice() {
            [] => Err(unknown(&self.request_id)),
            [one] => output::one(global.format, layout, one).map(|()| Exit::Ok),
            several => output::list(global.format, layout, several).map(|()| Exit::Ok),
        }
    }
}

fn unknown(id: &str) -> Failure {
    let days = REFUSALS_KEPT_SECONDS / 86_400;
    let id = protocol::display::Shown(id);
    Failure::new(
        Exit::NotFound,
        anyhow::anyhow!(
            "no refused request {id} is kept: they are for {days} days, the last {REFUSALS_MAX}, at most \
             {REFUSALS_PER_SECOND_MAX} a second, and one is written a second after its answer. Its line in the log of \
             the server says the same"
        ),
    )
}

fn record(refused: &RefusedRequest) -> Map<String, Value> {
    let RefusedRequest { request_id, at, route, status, reason, client, subject, peer, difference } = refused;
    let differs = difference.as_ref();
    let members = [
        ("request_id", Some(json!(request_id))),
        ("at", Some(output::time(at.0).into())),
        ("route", Some(json!(route))),
        ("status", Some(json!(status))),
        ("client_id", client.as_ref().map(|client| json!(client.as_str()))),
        ("sub", subject.as_ref().map(|subject| json!(subject.as_str()))),
        ("peer", peer.map(|peer| json!(peer.to_string()))),
        ("reason", Some(json!(reason))),
        ("rule", rule(reason).map(Into::into)),
        ("what", differs.map(|differs| json!(differs.what))),
        ("sent", differs.map(|differs| json!(differs.sent))),
        ("marked", differs.and_then(|differs| differs.marked.as_ref()).map(|marked| json!(marked))),
        ("expected", differs.map(|differs| json!(differs.expected))),
        ("fix", mending(reason, client.as_ref(), differs).map(Into::into)),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The rule that a request broke. `None`: of another version.
fn rule(slug: &str) -> Option<&'static str> {
    let of_pages = [SIGN_IN_FAILED, SIGN_IN_FAILURES_TOO_MANY, CALLER_NOT_ALLOWED];
    let of_pages = of_pages.iter().map(|(slug, rule)| (*slug, *rule));
    let mut all = Reason::ALL.iter().map(|reason| (reason.slug(), reason.rule())).chain(of_pages);
    all.find(|(known, _)| *known == slug).map(|(_, rule)| rule)
}
