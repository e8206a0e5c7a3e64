//! URIs that are registered and compared (RFC 3986, RFC 8252 §7.3), compared with the parser of browsers.

use protocol::uri;
use url::{Host, Url};

/// Two URIs, separated by a line end.
pub fn uris(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (one, other) = text.split_once('\n').unwrap_or((text, text));
    accepted(one);
    accepted(other);
    // Any port of a loopback address, and nothing else that differs.
    if one != other && uri::is_registered_redirect(one, other) {
        let (known, sent) = (browser(one), browser(other));
        assert!(is_loopback(&known), "{one:?} is not at a loopback address");
        assert_eq!(
            (known.host(), known.path(), known.query(), known.scheme()),
            (sent.host(), sent.path(), sent.query(), sent.scheme())
        );
    }
}

/// A browser navigates to the host that this crate reads from a registered URI.
fn accepted(text: &str) {
    let _ = uri::check_issuer(text);
    let _ = uri::check_resource(text);
    if let Ok(parts) = uri::Parts::of(text)
        && parts.is_loopback()
        && ["http", "https"].contains(&parts.scheme)
    {
        assert!(is_loopback(&browser(text)), "{text:?} is a loopback URI for us only");
    }
    if uri::check_redirect_uri(text, &[]).is_ok() && text.starts_with("http") {
        let Ok(url) = Url::parse(text) else { return };
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        if url.scheme() == "http" {
            assert!(is_loopback(&url), "{text:?} sends a code in the clear");
        }
        if let (Some(ours), Some(Host::Domain(_))) = (uri::origin(text), url.host()) {
            assert_eq!(ours, url.origin().ascii_serialization());
        }
    }
}

fn browser(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text:?} is not a URL for a browser: {error}"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
