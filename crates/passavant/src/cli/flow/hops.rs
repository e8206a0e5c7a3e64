//! One request after the other, each shown as it goes. Secrets are not.

use bytes::Bytes;
use http::{Request, Response, header};
use protocol::display::Shown;
use resource::{Fetch as _, FetchLimits, ReqwestFetch};
use serde_json::{Map, Value};

use crate::terminal::{Exit, Failure, failed, say};

/// Names whose values are credentials.
const SECRETS: [&str; 6] =
    ["access_token", "refresh_token", "id_token", "client_secret", "code", "code_verifier"];

/// What stands in place of a credential.
const HIDDEN: &str = "...";

/// Sends requests and tells of them.
pub(in crate::cli) struct Hops {
    fetch: ReqwestFetch,
    silent: bool,
}

impl Hops {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self { silent: false, ..Self::silent()? })
    }

    /// Tells nothing.
    pub(in crate::cli) fn silent() -> Result<Self, Failure> {
        let fetch = ReqwestFetch::new().map_err(failed)?;
        Ok(Self { fetch, silent: true })
    }

    /// Sends a request; `form` is what its body says, to be shown.
    pub(in crate::cli) async fn go(
        &self,
        request: Request<Bytes>,
        form: &[(&str, &str)],
    ) -> Result<Response<Bytes>, Failure> {
        self.go_within(request, form, FetchLimits::default()).await
    }

    /// The same, within other bounds.
    pub(in crate::cli) async fn go_within(
        &self,
        request: Request<Bytes>,
        form: &[(&str, &str)],
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, Failure> {
        if !self.silent {
            announce(&request, form);
        }
        let answer = self.fetch.fetch(request, limits).await;
        let answer = answer.map_err(|error| Failure::new(Exit::Unreachable, error.into()))?;
        if !self.silent {
            show(&answer);
        }
        Ok(answer)
    }
}

fn announce(request: &Request<Bytes>, form: &[(&str, &str)]) {
    say(format_args!("> {} {}", request.method(), request.uri()));
    if let Some(scheme) = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        let scheme = scheme.split(' ').next().unwrap_or_default();
        say(format_args!(">   authorization: {scheme} {HIDDEN}"));
    }
    for (name, value) in form {
        say(format_args!(">   {name}={}", if is_secret(name) { HIDDEN } else { value }));
    }
}

fn show(answer: &Response<Bytes>) {
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let kind = header(header::CONTENT_TYPE).unwrap_or("no content type");
    say(format_args!("< {} {}", answer.status(), Shown(kind)));
    // Metadata and key sets are long, and fetched to be used, not to be read.
    let members = object(answer.body()).unwrap_or_default();
    if members.contains_key("issuer") || members.contains_key("keys") {
        return;
    }
    for (name, value) in &members {
        match value {
            Value::String(text) if is_secret(name) => {
                say(format_args!("<   {}: {HIDDEN} ({} characters)", Shown(name), text.chars().count()));
            }
            Value::String(text) => say(format_args!("<   {}: {}", Shown(name), Shown(text))),
            other => say(format_args!("<   {}: {}", Shown(name), Shown(&other.to_string()))),
        }
    }
}

/// Whether a parameter or member of this name is a credential.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// A body that must be a JSON object.
pub(in crate::cli) fn object(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    jose::json::object(body).map_err(|error| failed(format_args!("the answer is no JSON object: {error}")))
}
