//! Requests and answers of a flow, shown as they go. Credentials are not.

use async_trait::async_trait;
use bytes::Bytes;
use fetching::{Fetch, FetchError, FetchLimits, ReqwestFetch};
use http::{Request, Response, header};
use protocol::display::Shown;
use serde_json::Value;

use crate::terminal::say;

/// Names whose values are credentials.
const SECRETS: [&str; 7] =
    ["access_token", "refresh_token", "id_token", "client_secret", "code", "code_verifier", "device_code"];

/// Printed in place of a credential.
const HIDDEN: &str = "...";

/// Fetches, and prints each request and each answer on standard error.
pub(super) struct ShownFetch(pub(super) ReqwestFetch);

#[async_trait]
impl Fetch for ShownFetch {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, FetchError> {
        show_request(&request);
        let answer = self.0.fetch(request, limits).await?;
        show_answer(&answer);
        Ok(answer)
    }
}

fn show_request(request: &Request<Bytes>) {
    say(format_args!("> {} {}", request.method(), request.uri()));
    if let Some(scheme) = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        let scheme = scheme.split(' ').next().unwrap_or_default();
        say(format_args!(">   authorization: {scheme} {HIDDEN}"));
    }
    for (name, value) in form_urlencoded::parse(request.body()) {
        say(format_args!(">   {name}={}", if is_secret(&name) { HIDDEN } else { &value }));
    }
}

fn show_answer(answer: &Response<Bytes>) {
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let kind = header(header::CONTENT_TYPE).unwrap_or("no content type");
    say(format_args!("< {} {}", answer.status(), Shown(kind)));
    // Metadata and key sets are too long to read here.
    let members = jose::json::object(answer.body()).unwrap_or_default();
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
