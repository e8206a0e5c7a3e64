//! URIs that the specifications compare: redirect URIs, resource identifiers, issuers.
//!
//! URIs are compared byte for byte (RFC 9700 §2.1). Parsing only decides whether a URI is acceptable at registration,
//! never whether two are the same, since parsers differ.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::limits;

/// The parts of an absolute URI (RFC 3986 §3), as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The scheme, as written.
    pub scheme: &'a str,
    /// The host, IPv6 in brackets; `None` if no `//` follows the scheme. Never empty for `http` and `https`.
    pub host: Option<&'a str>,
    /// The port, if there is one.
    pub port: Option<u16>,
    /// From the first slash after the host to the query.
    pub path: &'a str,
    /// After the question mark.
    pub query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Parses an absolute URI without fragment and user information. What a browser would repair is refused.
    ///
    /// # Errors
    /// What is wrong, as a sentence for the author of the URI.
    pub fn of(text: &'a str) -> Result<Self, UriError> {
        if text.len() > limits::URI_BYTES_MAX {
            return Err(UriError::TooLong);
        }
        if !text.bytes().all(is_uri_byte) || !has_whole_escapes(text) {
            return Err(UriError::BadCharacter);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::NotAbsolute)?;
        let scheme_byte = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(scheme_byte) {
            return Err(UriError::NotAbsolute);
        }
        if rest.contains('#') {
            return Err(UriError::Fragment);
        }
        let (before_query, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (rest, None),
        };
        let Some(after_slashes) = before_query.strip_prefix("//") else {
            return Ok(Self { scheme, host: None, port: None, path: before_query, query });
        };
        let (authority, path) =
            after_slashes.split_at(after_slashes.find('/').unwrap_or(after_slashes.len()));
        if authority.contains('@') {
            return Err(UriError::UserInformation);
        }
        // The host of a private-use scheme may be empty: `com.example.app:///cb` (RFC 3986 §3.2.2).
        let (host, port) = match authority {
            "" if !is_web(scheme) => ("", None),
            authority => host_and_port(authority)?,
        };
        Ok(Self { scheme, host: Some(host), port, path, query })
    }

    /// Whether the host is `localhost` or a loopback address.
    pub fn is_loopback(&self) -> bool {
        let Some(host) = self.host else { return false };
        let v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        host == "localhost"
            || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || v6.and_then(|text| text.parse::<Ipv6Addr>().ok()).is_some_and(|address| address.is_loopback())
    }
}

/// Whether the scheme is `http` or `https`, in any case (RFC 3986 §3.1).
fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

fn is_uri_byte(byte: u8) -> bool {
    (0x21..=0x7e).contains(&byte) && !b"\"<>\\^`{|}".contains(&byte)
}

fn has_whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), UriError> {
    let end = authority.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match authority[end..].find(':') {
        Some(at) => (&authority[..end + at], Some(&authority[end + at + 1..])),
        None => (authority, None),
    };
    let is_v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::parse::<Ipv6Addr>);
    let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if !is_name && !matches!(is_v6, Some(Ok(_))) {
        return Err(UriError::NotAbsolute);
    }
    match port {
        None => Ok((host, None)),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map(|port| (host, Some(port))).map_err(|_| UriError::NotAbsolute)
        }
        Some(_) => Err(UriError::NotAbsolute),
    }
}

/// Checks a redirect URI for registration (RFC 6749 §3.1.2, RFC 8252 §7): absolute, without fragment and user
/// information, and `https`, or `http` to loopback, or a private-use scheme with a dot in it, or one of `schemes`, which
/// the operator allows without a dot.
///
/// # Errors
/// What is wrong, as a sentence for the person who registers it.
pub fn check_redirect_uri(text: &str, schemes: &[String]) -> Result<(), UriError> {
    let parts = Parts::of(text)?;
    match parts.scheme {
        "https" => parts.host.map(drop).ok_or(UriError::NotAbsolute),
        "http" if parts.is_loopback() => Ok(()),
        "http" => Err(UriError::PlainHttp),
        scheme if scheme.contains('.') || schemes.iter().any(|allowed| allowed == scheme) => Ok(()),
        scheme if is_private_scheme(scheme) => Err(UriError::SchemeWithoutDot),
        _ => Err(UriError::Scheme),
    }
}

/// Whether a URI is `http` to the host `localhost`, at any port and path.
pub fn is_http_localhost(text: &str) -> bool {
    Parts::of(text).is_ok_and(|parts| parts.scheme == "http" && parts.host == Some("localhost"))
}

/// Checks an origin of pages as browsers send it in `Origin` (RFC 6454 §6.2): `https`, `http` to loopback, or the scheme
/// of an application, like `capacitor://localhost`.
///
/// # Errors
/// As [`check_redirect_uri`].
pub fn check_origin(text: &str) -> Result<(), UriError> {
    let parts = Parts::of(text).map_err(|_| UriError::NotAnOrigin)?;
    let is_as_sent = !text.bytes().any(|b| b.is_ascii_uppercase()) && parts.path.is_empty();
    if !is_as_sent || parts.query.is_some() || parts.host.is_none_or(str::is_empty) {
        return Err(UriError::NotAnOrigin);
    }
    match parts.scheme {
        "http" if !parts.is_loopback() => Err(UriError::PlainHttp),
        // A default port is left out.
        "https" | "http" if origin(text).as_deref() != Some(text) => Err(UriError::NotAnOrigin),
        // Browsers send `null` for these.
        "file" | "data" | "blob" | "javascript" | "about" => Err(UriError::NotAnOrigin),
        _ => Ok(()),
    }
}

/// Whether an operator may allow this scheme for redirect URIs although it has no dot, as `cursor` or `vscode`: in
/// lowercase, and none that a browser or an operating system handles itself, such as `javascript` or `file`.
pub fn is_private_scheme(scheme: &str) -> bool {
    const TAKEN: &[&str] = &[
        "about",
        "blob",
        "cid",
        "content",
        "data",
        "file",
        "filesystem",
        "ftp",
        "ftps",
        "geo",
        "http",
        "https",
        "intent",
        "jar",
        "javascript",
        "mailto",
        "mid",
        "resource",
        "sftp",
        "sms",
        "ssh",
        "tel",
        "urn",
        "vbscript",
        "view-source",
        "ws",
        "wss",
    ];
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b);
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(fits)
        && !TAKEN.contains(&scheme)
}

/// Whether two resource identifiers name the same resource: equal byte for byte, except that the empty path of `http`
/// and `https` is `/` (RFC 3986 §6.2.3). [`Audience`](crate::Audience) compares so too.
pub fn is_same_resource(one: &str, other: &str) -> bool {
    one == other || one.len().abs_diff(other.len()) == 1 && resource_key(one) == resource_key(other)
}

/// What is compared: of `http` and `https` everything up to the path, and the path and query without the first slash.
pub(crate) fn resource_key(text: &str) -> (&str, &str) {
    let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_web(scheme)) else {
        return (text, "");
    };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (before, path) = text.split_at(scheme.len() + "://".len() + authority);
    // "https://a" and "https://a/" have the same rest, and so have "https://a?x" and "https://a/?x".
    (before, path.strip_prefix('/').unwrap_or(path))
}

/// Checks a resource identifier (RFC 8707 §2): an absolute URI without fragment.
///
/// # Errors
/// As [`check_redirect_uri`].
pub fn check_resource(text: &str) -> Result<(), UriError> {
    Parts::of(text).map(drop)
}

/// Checks an issuer (RFC 8414 §2): `https`, or `http` if the host is loopback; no query, no fragment.
///
/// # Errors
/// As [`check_redirect_uri`].
pub fn check_issuer(text: &str) -> Result<(), UriError> {
    let parts = Parts::of(text)?;
    if parts.host.is_none() {
        return Err(UriError::NotAbsolute);
    }
    if parts.query.is_some() {
        return Err(UriError::Query);
    }
    match parts.scheme {
        "https" => Ok(()),
        "http" if parts.is_loopback() => Ok(()),
        "http" => Err(UriError::PlainHttp),
        _ => Err(UriError::Scheme),
    }
}

/// Whether the redirect URI of a request matches this registered one: equal byte for byte, or equal except for the port
/// if both are `http` to a loopback IP literal (RFC 8252 §7.3; `localhost` is not a literal).
pub fn is_registered_redirect(registered: &str, sent: &str) -> bool {
    if registered == sent {
        return true;
    }
    match (loopback_parts(registered), loopback_parts(sent)) {
        (Some(known), Some(given)) => known == given,
        (None, _) | (_, None) => false,
    }
}

/// The origin of an `http` or `https` URI, as browsers write it in `Origin` (RFC 6454 §6.2).
pub fn origin(text: &str) -> Option<String> {
    let parts = Parts::of(text).ok()?;
    let default_port = match parts.scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let host = parts.host?.to_ascii_lowercase();
    Some(match parts.port.filter(|port| *port != default_port) {
        Some(port) => format!("{}://{host}:{port}", parts.scheme),
        None => format!("{}://{host}", parts.scheme),
    })
}

/// The host and everything after the port, only of `http://127.0.0.1[:port]/..` and `http://[::1][:port]/..`.
fn loopback_parts(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"].into_iter().find(|host| rest.starts_with(host))?;
    let rest = &rest[host.len()..];
    let tail = match rest.strip_prefix(':') {
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            after[..digits].parse::<u16>().ok()?;
            &after[digits..]
        }
        None => rest,
    };
    (tail.is_empty() || tail.starts_with(['/', '?'])).then_some((host, tail))
}

/// Why a URI is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Anything other than visible ASCII, or a character that is not allowed in URIs.
    #[error("contains a character that is not allowed in a URI; percent-encode it")]
    BadCharacter,
    /// RFC 6749 §3.1.2
    #[error("must not have a fragment (#...)")]
    Fragment,
    /// The scheme or the host is missing.
    #[error("must be absolute: https://host/path")]
    NotAbsolute,
    /// RFC 6454 §6.2
    #[error(
        "must be an origin as browsers send it: scheme://host or scheme://host:port, in lower case, without a path, a \
         slash at the end, or the default port"
    )]
    NotAnOrigin,
    /// RFC 9700 §2.6
    #[error("plain http is only for loopback (http://127.0.0.1, http://[::1], http://localhost); use https")]
    PlainHttp,
    /// RFC 8414 §2
    #[error("must not have a query (?...)")]
    Query,
    /// RFC 8252 §7.1
    #[error(
        "the scheme must be https, http to loopback, or a private-use scheme with a dot, like com.example.app"
    )]
    Scheme,
    /// RFC 8252 §7.1
    #[error(
        "a scheme without a dot is for native clients (application_type native), and only if \
         clients.redirect_schemes in the configuration of the server lists it; better is a scheme like com.example.app"
    )]
    SchemeWithoutDot,
    /// Beyond [`limits::URI_BYTES_MAX`].
    #[error("is longer than {} bytes", limits::URI_BYTES_MAX)]
    TooLong,
    /// RFC 9700 §4.1.1: parsers disagree on `@`.
    #[error("must not contain user information (@)")]
    UserInformation,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_compare_byte_for_byte() {
        let registered = "https://shop.example/cb";
        assert!(is_registered_redirect(registered, registered));
        for other in [
            "https://shop.example/cb/",
            "https://shop.example/CB",
            "https://shop.example:443/cb",
            "https://shop.example/cb?x=1",
            "https://SHOP.example/cb",
            "https://shop.example/x/../cb",
            "https://shop.example@evil.example/cb",
            "https://shop.example/c%62",
        ] {
            assert!(!is_registered_redirect(registered, other), "{other}");
        }
    }

    #[test]
    fn only_loopback_literals_take_any_port() {
        assert!(is_registered_redirect("http://127.0.0.1/cb", "http://127.0.0.1:33418/cb"));
        assert!(is_registered_redirect("http://[::1]:1/cb", "http://[::1]:2/cb"));
        for (registered, sent) in [
            ("http://localhost/cb", "http://localhost:1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb2"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"),
            ("https://127.0.0.1/cb", "https://127.0.0.1:1/cb"),
            ("http://127.0.0.1/cb", "http://[::1]:1/cb"),
        ] {
            assert!(!is_registered_redirect(registered, sent), "{registered} {sent}");
        }
    }

    #[test]
    fn what_can_be_registered() {
        for good in [
            "https://a.example/cb?x=1",
            "http://127.0.0.1/cb",
            "http://localhost:3000/",
            "com.example.app:/cb",
            "app.immich:///oauth-callback",
            "app.immich://oauth-callback",
            "com.example.app://",
        ] {
            assert_eq!(check_redirect_uri(good, &[]), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("https://a.example/cb#f", UriError::Fragment),
            ("http://a.example/cb", UriError::PlainHttp),
            ("/cb", UriError::NotAbsolute),
            ("https://u@a.example/", UriError::UserInformation),
            ("https://@a.example/", UriError::UserInformation),
            ("javascript:alert(1)", UriError::Scheme),
            ("https://a.example/\r\nx", UriError::BadCharacter),
            ("https://a.example\\@b/", UriError::BadCharacter),
            ("https:///cb", UriError::NotAbsolute),
            ("HTTP:///cb", UriError::NotAbsolute),
            ("http:///cb", UriError::NotAbsolute),
            ("com.example.app://u@/cb", UriError::UserInformation),
            ("com.example.app://:80/cb", UriError::NotAbsolute),
            ("cursor://anysphere.cursor-retrieval/oauth/callback", UriError::SchemeWithoutDot),
        ] {
            assert_eq!(check_redirect_uri(bad, &[]), Err(why), "{bad}");
        }
        assert_eq!(check_issuer("https://a.example/x?y"), Err(UriError::Query));
    }

    #[test]
    fn only_what_browsers_send_is_registered_as_an_origin() {
        for good in [
            "https://app.example",
            "https://app.example:8443",
            "http://127.0.0.1:5173",
            "http://localhost:3000",
            "http://[::1]:5173",
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnop",
        ] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        for bad in [
            "*",
            "null",
            "",
            "https://app.example/",
            "https://app.example/x",
            "https://app.example?x",
            "https://app.example:443",
            "https://App.example",
            "https://*.example",
            "app.example",
            "file://",
            "file://x",
            "capacitor:localhost",
            "https://u@app.example",
        ] {
            assert_eq!(check_origin(bad), Err(UriError::NotAnOrigin), "{bad}");
        }
        assert_eq!(check_origin("http://app.example"), Err(UriError::PlainHttp));
    }

    #[test]
    fn a_scheme_without_a_dot_is_allowed_by_name_and_never_one_that_a_browser_handles() {
        let allowed = ["cursor".to_owned()];
        for good in ["cursor://anysphere.cursor-retrieval/oauth/callback", "cursor:/cb", "cursor:///cb"] {
            assert_eq!(check_redirect_uri(good, &allowed), Ok(()), "{good}");
        }
        for bad in ["vscode://cb", "Cursor://cb", "cursorx://cb", "javascript:alert(1)"] {
            assert!(check_redirect_uri(bad, &allowed).is_err(), "{bad}");
        }
        assert!(is_private_scheme("vscode-insiders") && is_private_scheme("web+app"));
        for taken in ["javascript", "data", "file", "https", "JavaScript", "", "1x", "a b", "a:b"] {
            assert!(!is_private_scheme(taken), "{taken}");
        }
    }

    #[test]
    fn an_origin_is_what_browsers_send() {
        assert_eq!(origin("https://A.example:443/cb").as_deref(), Some("https://a.example"));
        assert_eq!(origin("http://127.0.0.1:8080/cb?x").as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(origin("http://[::1]:80").as_deref(), Some("http://[::1]"));
        assert_eq!(origin("com.example.app:/cb"), None);
    }
}
