//! The URL of a request as its client sees it, which a proof must name (`htu`).

use http::request::Parts;
use protocol::proof::normalized;
use protocol::uri;

/// The origin at which clients reach this API: the part of `htu` before the path. It is configured and never taken
/// from a request, whose `Host` and `X-Forwarded-*` the sender controls.
#[derive(Clone, Debug)]
pub(crate) struct ApiOrigin(String);

impl ApiOrigin {
    /// Parses `https://host[:port]`, or `http` to loopback. A path is one that a proxy strips before it forwards
    /// requests.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts = uri::Parts::of(text).ok().filter(|parts| parts.query.is_none())?;
        uri::check_issuer(text).ok()?;
        let path = parts.path.trim_end_matches('/');
        Some(Self(uri::origin(text)? + path))
    }

    /// The origin of an audience, without its path, which is part of the request's.
    pub(crate) fn of_audience(audience: &str) -> Option<Self> {
        Self::parse(&uri::origin(audience)?)
    }

    /// The URL of a request as its client sees it, normalized.
    pub(super) fn target(&self, head: &Parts) -> Option<String> {
        normalized(&format!("{}{}", self.0, path(head)))
    }
}

/// The requested path: nested routers strip a prefix and keep the original in an extension.
#[cfg(feature = "axum")]
fn path(head: &Parts) -> &str {
    let original = head.extensions.get::<axum::extract::OriginalUri>();
    original.map_or(head.uri.path(), |original| original.0.path())
}

/// The requested path.
#[cfg(not(feature = "axum"))]
fn path(head: &Parts) -> &str {
    head.uri.path()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_may_hold_the_path_that_a_proxy_takes_off() {
        let target = |origin: &str, path: &str| {
            let head = http::Request::get(path).body(()).expect("a request").into_parts().0;
            ApiOrigin::parse(origin).and_then(|origin| origin.target(&head))
        };
        for (origin, path, seen) in [
            ("https://A.example:443", "/x?y", "https://a.example/x"),
            ("https://a.example/", "/x", "https://a.example/x"),
            ("https://a.example/api/", "/x", "https://a.example/api/x"),
            ("http://localhost:8000", "/", "http://localhost:8000/"),
            ("https://a.example", "https://evil.example/x", "https://a.example/x"),
        ] {
            assert_eq!(target(origin, path).as_deref(), Some(seen), "{origin} {path}");
        }
        for origin in ["", "urn:notes", "http://a.example", "https://a.example?x", "https://u@a.example"] {
            assert!(ApiOrigin::parse(origin).is_none(), "{origin}");
        }
    }

    #[test]
    fn the_path_of_an_audience_is_no_part_of_its_origin() {
        let origin = ApiOrigin::of_audience("https://a.example/v1/notes").expect("an origin");
        assert_eq!(origin.0, "https://a.example");
        assert!(ApiOrigin::of_audience("urn:notes").is_none());
        assert!(ApiOrigin::of_audience("http://a.example").is_none());
    }
}
