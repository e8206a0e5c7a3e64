//! `/check`: whether a request is let through. For nginx `auth_request`, Traefik ForwardAuth, Caddy `forward_auth` and
//! Envoy `ext_authz` over HTTP.
//!
//! Two forms. At `/check` itself the query is written by the asking proxy: `?aud=..&scope=..`, and headers describe the
//! request to be checked. Below `/check/` (Envoy's `path_prefix`) path, query and method are those of the request to be
//! checked: nothing in them is a parameter, since the client wrote them.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, header, request::Parts};
use http_body_util::Full;
use protocol::Scopes;
use resource::{Guard, MetadataService};
use tower_service::Service as _;

use super::{
    error::{GuardError, Refusal},
    health::Health,
    identity::Identity,
    log::RequestLog,
    response::{Body, whole},
};

const CHECK: &str = "/check";

/// The headers in which proxies name the method of the request to be checked.
const METHODS: [HeaderName; 2] =
    [HeaderName::from_static("x-forwarded-method"), HeaderName::from_static("x-original-method")];
/// The headers in which they name its target; some write the whole URL.
const TARGETS: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-uri"),
    HeaderName::from_static("x-original-uri"),
    HeaderName::from_static("x-original-url"),
];

/// Answers `/check`.
pub(super) struct Check {
    guards: Vec<(Guard, MetadataService)>,
    identity: Identity,
    health: Arc<Health>,
}

impl Check {
    /// With a guard for each audience. The first is used where the request names no audience.
    pub(super) fn new(guards: &[Guard], identity: Identity, health: Arc<Health>) -> Self {
        let guards = guards.iter().map(|guard| (guard.clone(), guard.metadata_service())).collect();
        Self { guards, identity, health }
    }

    /// Answers. The log line gets the method and path of the request that is checked.
    ///
    /// # Errors
    /// [`Refusal`]
    pub(super) async fn answer(&self, head: Parts, log: &mut RequestLog) -> Result<Response<Body>, Refusal> {
        let path = head.uri.path();
        if let Some(below) =
            path.strip_prefix(CHECK).filter(|below| below.is_empty() || below.starts_with('/'))
        {
            let request = if below.is_empty() { from_headers(&head) } else { from_path(&head) };
            let request = request.ok_or(GuardError::CheckMalformed)?;
            log.route = request.head.uri.path().to_owned();
            log.method = request.head.method.clone();
            return self.check(&request).await;
        }
        if let Some(answer) = self.health.answer(path).await {
            return Ok(answer);
        }
        let served = self.guards.iter().map(|(_, metadata)| metadata);
        let mut served = served.filter(|metadata| metadata.paths().any(|known| known == path));
        let Some(metadata) = served.next() else { return Err(GuardError::NothingHere.into()) };
        let Ok(answer) = metadata.clone().call(Request::from_parts(head, ())).await;
        Ok(whole(answer))
    }

    async fn check(&self, request: &CheckedRequest) -> Result<Response<Body>, Refusal> {
        let named = |(guard, _): &&(Guard, _)| {
            request.audience.as_ref().is_none_or(|name| guard.audience().as_str() == name)
        };
        let (guard, _) = self.guards.iter().find(named).ok_or(GuardError::AudienceUnknown)?;
        let token = guard.check(&request.head).await?;
        token.require(request.scopes.as_str())?;
        let mut response = Response::new(Full::default());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.identity.write(headers, guard, &token)?;
        Ok(whole(response))
    }
}

/// A request to be checked, and what its token must hold.
struct CheckedRequest {
    head: Parts,
    audience: Option<String>,
    scopes: Scopes,
}

/// The form with parameters.
fn from_headers(head: &Parts) -> Option<CheckedRequest> {
    let (mut audience, mut scopes) = (None, None);
    for (name, value) in form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()) {
        let place = match &*name {
            "aud" => &mut audience,
            "scope" => &mut scopes,
            _ => return None,
        };
        if place.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    let scopes = Scopes::parse(&scopes.unwrap_or_default()).ok()?;
    let method = match only(&head.headers, &METHODS)? {
        Some(text) => Method::from_bytes(text.as_bytes()).ok()?,
        None => head.method.clone(),
    };
    let uri = match only(&head.headers, &TARGETS)? {
        Some(text) => target(text)?,
        None => Uri::from_static("/"),
    };
    Some(CheckedRequest { head: with_target(head, method, uri)?, audience, scopes })
}

/// The form below the path.
fn from_path(head: &Parts) -> Option<CheckedRequest> {
    let target = head.uri.path_and_query()?.as_str().strip_prefix(CHECK)?;
    let head = with_target(head, head.method.clone(), target.parse().ok()?)?;
    Some(CheckedRequest { head, audience: None, scopes: Scopes::default() })
}

fn with_target(head: &Parts, method: Method, uri: Uri) -> Option<Parts> {
    let mut checked = Request::builder().method(method).uri(uri).body(()).ok()?.into_parts().0;
    checked.headers = head.headers.clone();
    Some(checked)
}

/// The one value that these headers agree on. The outer `None`: they disagree, and the client may have written one.
fn only<'h>(headers: &'h HeaderMap, names: &[HeaderName]) -> Option<Option<&'h str>> {
    let mut found = None;
    for line in names.iter().flat_map(|name| headers.get_all(name)) {
        let text = line.to_str().ok()?;
        if found.is_some_and(|other| other != text) {
            return None;
        }
        found = Some(text);
    }
    Some(found)
}

/// Path and query of a target that a proxy names.
fn target(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    Uri::try_from(uri.path_and_query()?.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(uri: &str, lines: &[(&str, &str)]) -> Option<(String, String, Option<String>, String)> {
        let request =
            lines.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
        let head = request.body(()).expect("a request").into_parts().0;
        let found = if head.uri.path() == CHECK { from_headers(&head)? } else { from_path(&head)? };
        let CheckedRequest { head, audience, scopes } = found;
        Some((head.method.to_string(), head.uri.to_string(), audience, scopes.as_str().to_owned()))
    }

    fn plain(method: &str, uri: &str) -> Option<(String, String, Option<String>, String)> {
        Some((method.to_owned(), uri.to_owned(), None, String::new()))
    }

    #[test]
    fn each_proxy_names_the_request_to_be_checked_in_headers_of_its_own() {
        let nginx = [("x-original-method", "PUT"), ("x-original-uri", "/a?b=c")];
        assert_eq!(question("/check", &nginx), plain("PUT", "/a?b=c"));
        let traefik = [("x-forwarded-method", "PUT"), ("x-forwarded-uri", "/a?b=c")];
        assert_eq!(question("/check", &traefik), plain("PUT", "/a?b=c"));
        assert_eq!(
            question("/check", &[("x-original-url", "https://api.example/a?b=c")]),
            plain("GET", "/a?b=c")
        );
        assert_eq!(question("/check", &[]), plain("GET", "/"));
        assert_eq!(question("/check/a?scope=x&aud=y", &[]), plain("GET", "/a?scope=x&aud=y"));
        assert_eq!(question("/check/", &[("x-forwarded-uri", "/other")]), plain("GET", "/"));
    }

    #[test]
    fn headers_that_disagree_are_refused() {
        for lines in [
            [("x-original-uri", "/a"), ("x-forwarded-uri", "/b")],
            [("x-original-uri", "/a"), ("x-original-uri", "/b")],
            [("x-original-method", "GET"), ("x-forwarded-method", "PUT")],
            [("x-original-method", "G T"), ("x-original-uri", "/a")],
            [("x-original-uri", "a b"), ("x-original-method", "GET")],
        ] {
            assert_eq!(question("/check", &lines), None, "{lines:?}");
        }
        assert!(question("/check", &[("x-original-uri", "/a"), ("x-forwarded-uri", "/a")]).is_some());
    }

    #[test]
    fn parameters_are_known_and_come_once() {
        let (_, _, audience, scopes) =
            question("/check?aud=https%3A%2F%2Fapi.example&scope=a+b", &[]).expect("a question");
        assert_eq!((audience.as_deref(), &*scopes), (Some("https://api.example"), "a b"));
        for query in ["aud=a&aud=b", "scope=a&scope=a", "scopes=a", "scope=%22", "aud", "x=1"] {
            let found = question(&format!("/check?{query}"), &[]);
            assert!(found.is_none() || query == "aud", "{query}");
        }
    }
}
