//! `/check`: whether a request is let through. For nginx `auth_request`, Traefik ForwardAuth, Caddy `forward_auth` and
//! Envoy `ext_authz` over HTTP.
//!
//! Two forms. At `/check` itself the query is written by the asking proxy: `?aud=..&scope=..`, and headers describe the
//! request to be checked. Below `/check/` (Envoy's `path_prefix`) path, query and method are those of the request to be
//! checked: nothing in them is a parameter, since the client wrote them.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, header, request::Parts};
use http_body_util::Full;
use protocol::{Scopes, uri::is_same_resource};
use resource::{ClientCertificate, Guard, MetadataService};
use tower_service::Service as _;

use super::{
    cors::is_preflight,
    error::{GuardError, Refusal},
    headers::is_disguised_identity,
    health::Health,
    identity::{Identity, IdentityHeaders},
    log::RequestLog,
    nonce,
    response::{Body, whole},
    settings::Settings,
    target,
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
    public_preflights: bool,
    health: Arc<Health>,
}

impl Check {
    /// With a guard for each audience. The first is used where the request names no audience.
    pub(super) fn new(settings: &Settings, health: Arc<Health>) -> Self {
        let guards = settings.guards.iter().map(|guard| (guard.clone(), guard.metadata_service())).collect();
        let (identity, public_preflights) = (settings.identity, settings.public_preflights);
        Self { guards, identity, public_preflights, health }
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
            if head.headers.keys().any(|name| is_disguised_identity(name.as_str())) {
                return Err(GuardError::IdentityDisguised.into());
            }
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
            request.audience.as_ref().is_none_or(|name| is_same_resource(guard.audience().as_str(), name))
        };
        let (guard, _) = self.guards.iter().find(named).ok_or(GuardError::AudienceUnknown)?;
        let mut response = Response::new(Full::default());
        let identity = if self.public_preflights && is_preflight(&request.head.method, &request.head.headers)
        {
            IdentityHeaders::of_nobody()
        } else {
            let token = guard.check(&request.head).await?;
            token.require(request.scopes.as_str())?;
            nonce::renew(&token, response.headers_mut());
            self.identity.of(guard, &token)?
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        identity.write_all(headers);
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
    let method = only(&head.headers, &METHODS, |bytes| Method::from_bytes(bytes).ok())?;
    let method = method.unwrap_or_else(|| head.method.clone());
    let uri = only(&head.headers, &TARGETS, target::read)?.unwrap_or_else(|| Uri::from_static("/"));
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
    if let Some(certificate) = head.extensions.get::<ClientCertificate>() {
        checked.extensions.insert(*certificate);
    }
    Some(checked)
}

/// The one value that these headers agree on, however they write it. The outer `None`: one is invalid, or they disagree, and the
/// client may have written one.
fn only<T: PartialEq>(
    headers: &HeaderMap,
    names: &[HeaderName],
    read: impl Fn(&[u8]) -> Option<T>,
) -> Option<Option<T>> {
    let mut found = None;
    for line in names.iter().flat_map(|name| headers.get_all(name)) {
        let value = read(line.as_bytes())?;
        if found.as_ref().is_some_and(|other| *other != value) {
            return None;
        }
        found = Some(value);
    }
    Some(found)
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
            [("x-original-uri", "/a"), ("x-original-url", "https://api.example/b")],
        ] {
            assert_eq!(question("/check", &lines), None, "{lines:?}");
        }
        for lines in [
            [("x-original-uri", "/a"), ("x-forwarded-uri", "/a")],
            [("x-original-uri", "/a?b"), ("x-original-url", "https://api.example/a?b")],
            [("x-original-uri", "/é"), ("x-original-url", "https://api.example/%C3%A9")],
        ] {
            assert!(question("/check", &lines).is_some(), "{lines:?}");
        }
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
