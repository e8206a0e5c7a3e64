//! URIs in a difference.

use protocol::Difference;

use super::nearest::{at_port_of, marked, nearest};
use crate::registry::RegisteredClient;

/// A URI that is none of those registered: the nearest of them, with the part marked that differs.
pub(crate) fn uri_difference<'a>(
    what: &str,
    sent: &str,
    registered: impl IntoIterator<Item = &'a str>,
) -> Difference {
    let shown = uri_for_logs(sent);
    let Some(near) = nearest(sent, registered) else {
        return Difference::new(what, shown, "a registered URI; none is registered");
    };
    let near = uri_for_logs(near);
    if near == shown {
        return Difference::new(what, shown, format_args!("{near} with the registered values in its query"));
    }
    Difference::new(what, &shown, marked(&near, &shown)).marked(marked(&shown, &near))
}

/// The same for a redirect URI of this client, which may be answered at any port of loopback.
pub(crate) fn redirect_difference(sent: &str, client: &RegisteredClient) -> Difference {
    let registered = client.metadata.redirect_uris.iter();
    let registered: Vec<String> = match client.takes_any_port() {
        true => registered.map(|uri| at_port_of(uri, sent)).collect(),
        false => registered.cloned().collect(),
    };
    uri_difference("redirect_uri", sent, registered.iter().map(String::as_str))
}

/// A URI without what may be secret in it: user information, values of query parameters, and the fragment.
pub fn uri_for_logs(uri: &str) -> String {
    let (uri, fragment) = uri.split_once('#').map_or((uri, ""), |(uri, _)| (uri, "#"));
    let (base, query) = uri.split_once('?').map_or((uri, None), |(base, query)| (base, Some(query)));
    let mut shown = match base.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => base.to_owned(),
    };
    if let Some(query) = query {
        let names: Vec<_> =
            query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name)).collect();
        shown.push('?');
        shown.push_str(&names.join("&"));
    }
    shown.push_str(fragment);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_told_without_what_may_be_secret_in_it() {
        for (uri, told) in [
            ("https://shop.example/cb", "https://shop.example/cb"),
            ("https://u:p@shop.example/cb?token=s3cret&b#at=1", "https://shop.example/cb?token&b#"),
            ("https://shop.example?a=s3cret", "https://shop.example?a"),
            ("com.example.app:/cb?code=s3cret", "com.example.app:/cb?code"),
            ("https://a@b@shop.example:8443/x@y", "https://shop.example:8443/x@y"),
        ] {
            assert_eq!(uri_for_logs(uri), told, "{uri}");
        }
    }

    #[test]
    fn a_uri_is_compared_with_the_nearest_one() {
        let registered = ["https://other.example/", "https://shop.example/cb"];
        let difference = uri_difference("redirect_uri", "https://shop.example/cb/", registered);
        assert_eq!(&*difference.sent, "https://shop.example/cb/");
        assert_eq!(&*difference.expected, "https://shop.example/cb>><<");
        assert_eq!(difference.marked.as_deref(), Some("https://shop.example/cb>>/<<"));
        let query = uri_difference("redirect_uri", "https://a.example/?t=1", ["https://a.example/?t=2"]);
        assert_eq!(&*query.expected, "https://a.example/?t with the registered values in its query");
        let none = uri_difference("redirect_uri", "https://a.example/", []);
        assert_eq!(&*none.expected, "a registered URI; none is registered");
    }
}
