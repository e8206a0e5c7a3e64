//! Finds the token of a request: in one `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1), and in the query (RFC
//! 6750 §2.3) only if that is enabled.

use std::borrow::Cow;

use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::proof::dpop::Dpop;
use crate::reason::Reason;

/// The authentication scheme of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

impl Scheme {
    /// The accepted schemes, in the order of the challenge.
    pub(crate) const fn taken(mode: Dpop) -> &'static [Self] {
        match mode {
            Dpop::Off => &[Self::Bearer],
            Dpop::Accept => &[Self::Bearer, Self::Dpop],
            Dpop::Require => &[Self::Dpop],
        }
    }

    /// The name of the scheme in a challenge.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        match name {
            name if name.eq_ignore_ascii_case("bearer") => Some(Self::Bearer),
            name if name.eq_ignore_ascii_case("dpop") => Some(Self::Dpop),
            _ => None,
        }
    }
}

/// Where a token may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) dpop: Dpop,
    /// Whether a bearer token may be in the query.
    pub(crate) query: bool,
    /// Longest token, in bytes.
    pub(crate) token_bytes_max: usize,
}

impl Places {
    /// The registered names for the metadata (RFC 9728 §2).
    pub(crate) fn names(self) -> Vec<String> {
        let names: &[&str] = if self.takes_queries() { &["header", "query"] } else { &["header"] };
        names.iter().copied().map(str::to_owned).collect()
    }

    fn takes_queries(self) -> bool {
        self.query && Scheme::taken(self.dpop).contains(&Scheme::Bearer)
    }
}

/// A token and its scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PresentedToken<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) token: Cow<'a, str>,
}

/// The scheme of the request, if it is unambiguous: its challenge explains the error (RFC 9449 §7.2).
pub(crate) fn scheme(head: &Parts) -> Option<Scheme> {
    let mut headers = head.headers.get_all(AUTHORIZATION).iter();
    let header = headers.next().filter(|_| headers.next().is_none())?;
    Scheme::parse(std::str::from_utf8(header.as_bytes()).ok()?.split(' ').next()?)
}

/// The one token of a request. A token in the body is ignored, and so is one in the query unless that is enabled (RFC
/// 6750 §2.3, RFC 9700 §4.3.2).
pub(crate) fn token(head: &Parts, places: Places) -> Result<PresentedToken<'_>, Reason> {
    let mut headers = head.headers.get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else {
        return if places.takes_queries() { queried(head, places) } else { Err(Reason::TokenMissing) };
    };
    if headers.next().is_some() {
        return Err(Reason::HeaderRepeated);
    }
    let presented = credentials(header.as_bytes(), Scheme::taken(places.dpop))?;
    if presented.token.len() > places.token_bytes_max {
        return Err(Reason::TokenTooLong);
    }
    if in_query(head).next().is_some() {
        return Err(Reason::TokenRepeated);
    }
    Ok(presented)
}

/// The one token in the query, which is always a bearer token.
fn queried(head: &Parts, places: Places) -> Result<PresentedToken<'_>, Reason> {
    let mut tokens = in_query(head);
    let token = tokens.next().ok_or(Reason::TokenMissing)?;
    if tokens.next().is_some() {
        return Err(Reason::TokenRepeated);
    }
    if token.len() > places.token_bytes_max {
        return Err(Reason::TokenTooLong);
    }
    if !is_token(&token) {
        return Err(Reason::TokenMalformed);
    }
    Ok(PresentedToken { scheme: Scheme::Bearer, token })
}

/// One of the schemes, case-insensitive, at least one space, and a token.
fn credentials<'a>(header: &'a [u8], taken: &[Scheme]) -> Result<PresentedToken<'a>, Reason> {
    let text = std::str::from_utf8(header).map_err(|_| Reason::HeaderMalformed)?;
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let scheme = Scheme::parse(scheme).filter(|scheme| taken.contains(scheme));
    let scheme = scheme.ok_or(Reason::SchemeUnsupported)?;
    let token = rest.trim_matches(' ');
    if !is_token(token) {
        return Err(Reason::HeaderMalformed);
    }
    Ok(PresentedToken { scheme, token: Cow::Borrowed(token) })
}

/// `b64token` of RFC 6750 §2.1: at least one character, `=` only at the end.
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && body.bytes().all(fits)
}

fn in_query(head: &Parts) -> impl Iterator<Item = Cow<'_, str>> {
    let query = head.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "access_token")
        .map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;
    use crate::limits::TOKEN_BYTES_MAX;

    fn places(dpop: Dpop, query: bool) -> Places {
        Places { dpop, query, token_bytes_max: TOKEN_BYTES_MAX }
    }

    fn read(uri: &str, headers: &[&[u8]]) -> Result<String, Reason> {
        token(&head(uri, headers), places(Dpop::Off, false)).map(|presented| presented.token.into_owned())
    }

    fn queried(uri: &str, headers: &[&[u8]], dpop: Dpop) -> Result<String, Reason> {
        let found = token(&head(uri, headers), places(dpop, true))?.token.into_owned();
        Ok(found)
    }

    fn head(uri: &str, headers: &[&[u8]]) -> Parts {
        let mut head = Request::get(uri).body(()).expect("request").into_parts().0;
        for header in headers {
            head.headers.append(AUTHORIZATION, HeaderValue::from_bytes(header).expect("header"));
        }
        head
    }

    #[test]
    fn the_mode_says_which_schemes_are_taken() {
        for (mode, header, expected) in [
            (Dpop::Off, &b"DPoP a"[..], Err(Reason::SchemeUnsupported)),
            (Dpop::Accept, b"Bearer a", Ok(Scheme::Bearer)),
            (Dpop::Accept, b"DPoP a", Ok(Scheme::Dpop)),
            (Dpop::Accept, b"dpop  a", Ok(Scheme::Dpop)),
            (Dpop::Accept, b"DPOP a", Ok(Scheme::Dpop)),
            (Dpop::Accept, b"DPoPa", Err(Reason::SchemeUnsupported)),
            (Dpop::Accept, b"DPoP", Err(Reason::HeaderMalformed)),
            (Dpop::Accept, b"DPoP a b", Err(Reason::HeaderMalformed)),
            (Dpop::Require, b"DPoP a", Ok(Scheme::Dpop)),
            (Dpop::Require, b"Bearer a", Err(Reason::SchemeUnsupported)),
        ] {
            let found = token(&head("/", &[header]), places(mode, false)).map(|presented| presented.scheme);
            assert_eq!(found, expected, "{mode:?} {header:?}");
        }
    }

    #[test]
    fn a_scheme_was_tried_where_one_header_names_it() {
        assert_eq!(scheme(&head("/", &[b"dpop"])), Some(Scheme::Dpop));
        assert_eq!(scheme(&head("/", &[b"Bearer a b"])), Some(Scheme::Bearer));
        for headers in [&[][..], &[&b"Basic YTpi"[..]], &[b"Bearer a", b"DPoP a"], &[b"\xff"]] {
            assert_eq!(scheme(&head("/", headers)), None, "{headers:?}");
        }
    }

    #[test]
    fn a_bearer_token_is_taken_from_the_header_in_any_case() {
        for header in [&b"Bearer a-._~+/9=="[..], b"bearer a-._~+/9==", b"BEARER  a-._~+/9== "] {
            assert_eq!(read("/", &[header]).as_deref(), Ok("a-._~+/9=="), "{header:?}");
        }
    }

    #[test]
    fn no_token_is_no_token_wherever_else_one_stands() {
        assert_eq!(read("/", &[]), Err(Reason::TokenMissing));
        assert_eq!(read("/?access_token=abc", &[]), Err(Reason::TokenMissing));
        for header in [&b"Basic YTpi"[..], b"DPoP abc", b"Bearerabc", b"", b"abc"] {
            assert_eq!(read("/", &[header]), Err(Reason::SchemeUnsupported), "{header:?}");
        }
    }

    #[test]
    fn a_token_in_the_query_is_taken_only_where_that_was_asked_for() {
        let uri = "/?x=1&access_token=a-._~%2B%2F9%3D&y";
        assert_eq!(read(uri, &[]), Err(Reason::TokenMissing));
        for mode in [Dpop::Off, Dpop::Accept] {
            assert_eq!(queried(uri, &[], mode).as_deref(), Ok("a-._~+/9="));
        }
        assert_eq!(queried(uri, &[], Dpop::Require), Err(Reason::TokenMissing), "it can't show its key");
        assert_eq!(queried("/?x=1", &[b"Bearer a"], Dpop::Off).as_deref(), Ok("a"));
    }

    #[test]
    fn a_query_holds_one_token_and_a_good_one() {
        let long = format!("/?access_token={}", "x".repeat(TOKEN_BYTES_MAX + 1));
        for (uri, headers, reason) in [
            ("/?access_token=a&access_token=a", &[][..], Reason::TokenRepeated),
            ("/?access_token=a&access%5ftoken=b", &[], Reason::TokenRepeated),
            ("/?access_token=a", &[&b"Bearer a"[..]], Reason::TokenRepeated),
            ("/?access_token=a", &[b"Basic YTpi"], Reason::SchemeUnsupported),
            ("/?access_token=", &[], Reason::TokenMalformed),
            ("/?access_token", &[], Reason::TokenMalformed),
            ("/?access_token=a+b", &[], Reason::TokenMalformed),
            ("/?access_token=%00", &[], Reason::TokenMalformed),
            ("/?ACCESS_TOKEN=a", &[], Reason::TokenMissing),
            ("/?bearer_token=a", &[], Reason::TokenMissing),
            ("/", &[], Reason::TokenMissing),
            (&long, &[], Reason::TokenTooLong),
        ] {
            assert_eq!(queried(uri, headers, Dpop::Off), Err(reason), "{uri}");
        }
    }

    #[test]
    fn a_malformed_header_is_refused() {
        for header in [
            &b"Bearer"[..],
            b"Bearer ",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer a, Bearer b",
            b"Bearer =",
            b"Bearer a=b",
            b"Bearer \"a\"",
            b"Bearer a%20",
            b"Bearer \xc3\xa4",
            b"Bearer \xff",
            b"Bearer a\tb",
        ] {
            assert_eq!(read("/", &[header]), Err(Reason::HeaderMalformed), "{header:?}");
        }
    }

    #[test]
    fn a_token_that_came_twice_is_refused() {
        assert_eq!(read("/", &[b"Bearer a", b"Bearer a"]), Err(Reason::HeaderRepeated));
        assert_eq!(read("/", &[b"Basic YTpi", b"Bearer a"]), Err(Reason::HeaderRepeated));
        assert_eq!(read("/?x=1&access_token=b", &[b"Bearer a"]), Err(Reason::TokenRepeated));
        assert_eq!(read("/?access%5ftoken=b", &[b"Bearer a"]), Err(Reason::TokenRepeated));
        assert_eq!(read("/?access_tokens=b", &[b"Bearer a"]).as_deref(), Ok("a"));
    }

    #[test]
    fn a_token_beyond_the_limit_is_refused() {
        let header = |length| format!("Bearer {}", "x".repeat(length));
        assert!(read("/", &[header(TOKEN_BYTES_MAX).as_bytes()]).is_ok());
        assert_eq!(read("/", &[header(TOKEN_BYTES_MAX + 1).as_bytes()]), Err(Reason::TokenTooLong));
    }
}
