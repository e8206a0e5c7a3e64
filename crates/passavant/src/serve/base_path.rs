//! The path of the issuer, and the well-known documents whose path stands before it.

use std::borrow::Cow;

use http::{Uri, uri::PathAndQuery};
use protocol::uri::Parts;

/// Documents that are found below the issuer (OpenID Connect Discovery 1.0 §4) and before its path (RFC 8414 §3.1).
const WELL_KNOWN: [&str; 2] =
    ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

/// The path of an issuer.
#[derive(Clone, Debug)]
pub(super) struct BasePath(Box<str>);

impl BasePath {
    /// The path of an issuer.
    pub(super) fn of(issuer: &str) -> Self {
        Self(Parts::of(issuer).map_or("", |parts| parts.path).trim_end_matches('/').into())
    }

    /// A path relative to the issuer; `None` where it is outside.
    pub(super) fn below<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        if self.0.is_empty() {
            return Some(Cow::Borrowed(path));
        }
        match path.strip_prefix(&*self.0) {
            Some("") => return Some(Cow::Borrowed("/")),
            Some(rest) if rest.starts_with('/') => return Some(Cow::Borrowed(rest)),
            Some(_) | None => {}
        }
        let document = path.trim_end_matches('/').strip_suffix(&*self.0)?;
        WELL_KNOWN.into_iter().find(|known| *known == document).map(Cow::Borrowed)
    }

    /// The same URI with another path; the query stays.
    pub(super) fn moved(uri: &Uri, path: &str) -> Option<Uri> {
        let whole = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(whole).ok()?);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_without_a_path_is_everything() {
        let base_path = BasePath::of("https://id.example.org");
        assert_eq!(base_path.below("/token").as_deref(), Some("/token"));
        assert_eq!(base_path.below("/").as_deref(), Some("/"));
    }

    #[test]
    fn an_issuer_with_a_path_is_below_it_and_its_documents_also_before_it() {
        let base_path = BasePath::of("https://id.example.org/oauth/eu");
        for (path, below) in [
            ("/oauth/eu/token", Some("/token")),
            ("/oauth/eu", Some("/")),
            ("/oauth/eu/.well-known/openid-configuration", Some("/.well-known/openid-configuration")),
            ("/.well-known/openid-configuration/oauth/eu", Some("/.well-known/openid-configuration")),
            (
                "/.well-known/oauth-authorization-server/oauth/eu",
                Some("/.well-known/oauth-authorization-server"),
            ),
            ("/.well-known/openid-configuration", None),
            ("/oauth/europe/token", None),
            ("/token", None),
            ("/", None),
        ] {
            assert_eq!(base_path.below(path).as_deref(), below, "{path}");
        }
    }

    #[test]
    fn a_query_stays_where_it_is() {
        let uri: Uri = "/oauth/authorize?a=b".parse().expect("a path");
        assert_eq!(BasePath::moved(&uri, "/authorize").expect("fits"), "/authorize?a=b");
    }
}
