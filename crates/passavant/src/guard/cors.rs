//! Which pages may read what the guard answers (Fetch, "CORS protocol"). No answer allows credentials: tokens come in headers.

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};
use http_body_util::Full;
use protocol::uri;

use super::{
    limits::PREFLIGHT_SECONDS,
    response::{Body, whole},
};

/// What a page may read of a refusal: why, and what to do next.
const EXPOSED: HeaderValue = HeaderValue::from_static("WWW-Authenticate, DPoP-Nonce, Retry-After");

/// The origins whose pages may read answers.
#[derive(Clone, Debug, Default)]
pub(super) struct CorsOrigins(Vec<String>);

/// What a request was asked for by the page that sent it.
#[derive(Clone, Debug)]
pub(super) struct AllowedPage {
    /// The value of `Access-Control-Allow-Origin`.
    allow: HeaderValue,
}

impl CorsOrigins {
    pub(super) fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    /// The page that sent the request, if it may read the answer.
    pub(super) fn page(&self, headers: &HeaderMap) -> Option<AllowedPage> {
        let mut sent = headers.get_all(ORIGIN).iter();
        let origin = sent.next().filter(|_| sent.next().is_none())?;
        if self.0.iter().any(|allowed| allowed == "*") {
            return Some(AllowedPage { allow: HeaderValue::from_static("*") });
        }
        let is_known = self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
        is_known.then(|| AllowedPage { allow: origin.clone() })
    }
}

impl AllowedPage {
    /// Lets the page read the answer, unless the answer says itself who may.
    pub(super) fn allow(&self, headers: &mut HeaderMap) {
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.allow.clone());
        headers.entry(ACCESS_CONTROL_EXPOSE_HEADERS).or_insert(EXPOSED);
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }

    /// The answer to a preflight: the method and the headers that it asks for. Nothing is decided here, the request itself is
    /// checked when it comes.
    pub(super) fn preflight(&self, asked: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        for (from, to) in [
            (ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_ALLOW_METHODS),
            (ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_ALLOW_HEADERS),
        ] {
            for value in asked.get_all(from) {
                headers.append(to.clone(), value.clone());
            }
        }
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(PREFLIGHT_SECONDS));
        headers.append(
            VARY,
            HeaderValue::from_static("Access-Control-Request-Method, Access-Control-Request-Headers"),
        );
        self.allow(headers);
        whole(response)
    }
}

/// A CORS preflight: a browser sends it before a request with a token, and never with one.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// An origin as browsers send it, by the rule for the `cors_origins` of clients: `https://app.example`,
/// `http://127.0.0.1:5173`, `capacitor://localhost`. Or `*` for every page.
///
/// # Errors
/// A message for the operator.
pub(super) fn origin(text: &str) -> Result<String, String> {
    if text != "*" {
        uri::check_origin(text).map_err(|error| format!("{error}; or * for every page"))?;
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn an_origin_has_only_a_scheme_and_a_host() {
        for text in [
            "https://app.example",
            "http://127.0.0.1:5173",
            "http://[::1]:8080",
            "capacitor://localhost",
            "*",
        ] {
            assert_eq!(origin(text).as_deref(), Ok(text));
        }
        // What no browser sends would match nothing.
        for text in [
            "",
            "null",
            "app.example",
            "https://",
            "https://app.example/",
            "https://app.example:443",
            "https://App.example",
            "https://*.example",
            "http://app.example",
            "file://x",
            "://x",
            "h://a b",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_pages_of_configured_origins_may_read_answers() {
        let known = CorsOrigins::new(vec!["https://app.example".to_owned()]);
        let allowed = |lines: &[(&'static str, &'static str)]| {
            let mut answer = HeaderMap::new();
            known.page(&headers(lines))?.allow(&mut answer);
            Some((answer[ACCESS_CONTROL_ALLOW_ORIGIN].clone(), answer[VARY].clone()))
        };
        let expected = (HeaderValue::from_static("https://app.example"), HeaderValue::from_static("Origin"));
        assert_eq!(allowed(&[("origin", "https://app.example")]), Some(expected));
        for lines in [
            &[][..],
            &[("origin", "null")],
            &[("origin", "https://app.example.evil.example")],
            &[("origin", "http://app.example")],
            &[("origin", "https://app.example:8443")],
            &[("origin", "https://app.example"), ("origin", "https://app.example")],
        ] {
            assert_eq!(allowed(lines), None, "{lines:?}");
        }
        assert!(CorsOrigins::default().page(&headers(&[("origin", "https://app.example")])).is_none());
    }

    #[test]
    fn cors_headers_of_the_upstream_are_kept() {
        let all = CorsOrigins::new(vec!["*".to_owned()]);
        let page = all.page(&headers(&[("origin", "https://any.example")])).expect("allowed");
        let mut own = headers(&[("access-control-allow-origin", "https://other.example")]);
        page.allow(&mut own);
        assert_eq!(own[ACCESS_CONTROL_ALLOW_ORIGIN], "https://other.example");
        assert_eq!(own.len(), 1);
    }
}
