//! `/check`: would this request be let through? For nginx `auth_request`, Traefik ForwardAuth, Caddy `forward_auth` and
//! Envoy `ext_authz` over HTTP.
//!
//! Two forms. At `/check` itself the query is the asking proxy's: `?aud=..&scope=..`, and the request that is judged
//! stands in headers. Below `/check/` (Envoy's `path_prefix`) path, query and method are those of the request that is
//! judged: nothing in them is a parameter, since the caller wrote them.

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

/// Where proxies say what the caller asked for, and where nothing else is believed.
const METHODS: [HeaderName; 2] =
    [HeaderName::from_static("x-forwarded-method"), HeaderName::from_static("x-original-method")];
/// The same for its target; some write the whole URL.
const TARGETS: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-uri"),
    HeaderName::from_static("x-original-uri"),
    HeaderName::from_static("x-original-url"),
];

/// Answers the question.
pub(super) struct Check {
    guards: Vec<(Guard, MetadataService)>,
    identity: Identity,
    health: Arc<Health>,
}

impl Check {
    /// For guards of different audiences. The first is meant where a question names none.
    pub(super) fn new(guards: &[Guard], identity: Identity, health: Arc<Health>) -> Self {
        let guards = guards.iter().map(|guard| (guard.clone(), guard.metadata_service())).collect();
        Self { guards, identity, health }
    }

    /// Answers; what was really asked for goes to the log line.
    ///
    /// # Errors
    /// [`Refusal`], ready to be told.
    pub(super) async fn answer(&self, head: Parts, log: &mut RequestLog) -> Result<Response<Body>, Refusal> {
        let path = head.uri.path();
        if let Some(below) =
            path.strip_prefix(CHECK).filter(|below| below.is_empty() || below.starts_with('/'))
        {
            let question = if below.is_empty() { asked(&head) } else { passed(&head) };
            let question = question.ok_or(GuardError::CheckMalformed)?;
            log.route = question.head.uri.path().to_owned();
            log.method = question.head.method.clone();
            return self.judge(&question).await;
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

    async fn judge(&self, question: &Question) -> Result<Response<Body>, Refusal> {
        let named = |(guard, _): &&(Guard, _)| {
            question.audience.as_ref().is_none_or(|name| guard.audience().as_str() == name)
        };
        let (guard, _) = self.guards.iter().find(named).ok_or(GuardError::AudienceUnknown)?;
        let token = guard.check(&question.head).await?;
        token.require(question.scopes.as_str())?;
        let mut response = Response::new(Full::default());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.identity.write(headers, guard, &token)?;
        Ok(whole(response))
    }
}

/// A request, and what its token must hold.
struct Question {
    head: Parts,
    audience: Option<String>,
    scopes: Scopes,
}

/// The form with parameters.
fn asked(head: &Parts) -> Option<Question> {
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
    Some(Question { head: judged(head, method, uri)?, audience, scopes })
}

/// The form below the path.
fn passed(head: &Parts) -> Option<Question> {
    let target = head.uri.path_and_query()?.as_str().strip_prefix(CHECK)?;
    let head = judged(head, head.method.clone(), target.parse().ok()?)?;
    Some(Question { head, audience: None, scopes: Scopes::default() })
}

fn judged(head: &Parts, method: Method, uri: Uri) -> Option<Parts> {
    let mut judged = Request::builder().method(method).uri(uri).body(()).ok()?.into_parts().0;
    judged.headers = head.headers.clone();
    Some(judged)
}

/// The one value that these headers agree on. The outer `None`: they do not, and one of them may be the caller's.
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

/// Path and query of what a proxy says was asked for.
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
        let found = if head.uri.path() == CHECK { asked(&head)? } else { passed(&head)? };
        let Question { head, audience, scopes } = found;
        Some((head.method.to_string(), head.uri.to_string(), audience, scopes.as_str().to_owned()))
    }

    fn plain(method: &str, uri: &str) -> Option<(String, String, Option<String>, String)> {
        Some((method.to_owned(), uri.to_owned(), None, String::new()))
    }

    #[test]
    fn the_request_that_is_judged_stands_in_the_headers_of_each_proxy() {
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
