//! Which header fields are removed: those of one connection (RFC 9110 §7.6.1), and those that only the guard may write.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use protocol::fields;

/// Fields of one connection. `Proxy-Connection` and `Keep-Alive` are not standard, and sent nevertheless.
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// What only the guard writes, by prefix. A name is compared as a lenient upstream may read it.
const OURS: [&str; 3] = ["x-auth-", "x-forwarded-", "x-original-"];

/// The same, by the whole name.
const OURS_WHOLE: [&str; 6] =
    ["forwarded", "x-real-ip", "x-auth", "proxy-authorization", "client-cert", "client-cert-chain"];

/// Removes from a request what must not reach the upstream.
pub(super) fn clean_request(headers: &mut HeaderMap) {
    clean(headers, |name| is_hop_by_hop(name) || is_ours(name));
}

/// Removes from an answer what was meant only for us.
pub(super) fn clean_answer(headers: &mut HeaderMap) {
    clean(headers, is_hop_by_hop);
}

fn clean(headers: &mut HeaderMap, is_unwanted: impl Fn(&str) -> bool) {
    let named: Vec<HeaderName> =
        options(headers, header::CONNECTION).filter_map(|name| name.parse().ok()).collect();
    // `Connection: content-length` would remove the framing of a message, and `host` its target: they are not options
    // of a connection (RFC 9110 §7.6.1), and stay.
    let stays = |name: &HeaderName| *name == header::CONTENT_LENGTH || *name == header::HOST;
    let gone = |name: &&HeaderName| is_unwanted(name.as_str()) || (named.contains(name) && !stays(name));
    let unwanted: Vec<HeaderName> = headers.keys().filter(gone).cloned().collect();
    for name in unwanted {
        headers.remove(name);
    }
}

/// Whether a message states its length in two ways. The length that we ignore would be passed on with a body of another
/// one, and may be an attempt at response splitting (RFC 9112 §6.3).
pub(super) fn has_ambiguous_length(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH)
}

/// The members of a list field, in lower case.
pub(super) fn options(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = String> {
    let members = fields::members(headers.get_all(name).into_iter().map(HeaderValue::as_bytes));
    members.filter_map(|option| str::from_utf8(option).ok()).map(str::to_ascii_lowercase)
}

/// Whether the client wants to switch to websocket, the only protocol that is passed on. Others are ignored, as RFC 9110
/// §7.8 allows: `h2c` would take every further request past the guard.
pub(super) fn wants_websocket(headers: &HeaderMap) -> bool {
    options(headers, header::CONNECTION).any(|option| option == "upgrade")
        && options(headers, header::UPGRADE).any(|protocol| protocol == "websocket")
}

/// Adds the guard to `Via` (RFC 9110 §7.6.3).
pub(super) fn add_via(headers: &mut HeaderMap, version: http::Version) {
    headers.append(
        header::VIA,
        HeaderValue::from_static(match version {
            http::Version::HTTP_2 => "2 passavant",
            http::Version::HTTP_10 => "1.0 passavant",
            _ => "1.1 passavant",
        }),
    );
}

/// Whether a name is one of `X-Auth-*` in another spelling: a proxy that asks at `/check` removes and writes only the plain one, so
/// that an upstream could read this one as ours.
pub(super) fn is_disguised_identity(name: &str) -> bool {
    let read = lenient(name);
    read != name && (read == "x-auth" || read.starts_with("x-auth-"))
}

fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.contains(&name)
}

/// CGI and its successors turn every character that is not alphanumeric into `_`, so `x_auth_subject` and `x.auth.subject` may be
/// read as `X-Auth-Subject`, and `content_length` as a second length.
fn is_ours(name: &str) -> bool {
    let read = lenient(name);
    let is_disguised = read != name && (is_hop_by_hop(&read) || read == "content-length");
    is_disguised || OURS.iter().any(|start| read.starts_with(start)) || OURS_WHOLE.contains(&&*read)
}

fn lenient(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(lines: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("no control characters"));
        }
        clean_request(&mut headers);
        headers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn identity_headers_are_removed_in_every_spelling() {
        for name in [
            "X-Auth-Subject",
            "x-auth-subject",
            "X-AUTH-SCOPE",
            "x_auth_subject",
            "X_Auth-Client",
            "x.auth.username",
            "x-auth-anything",
            "X-Forwarded-For",
            "x_forwarded_host",
            "X-Original-URI",
            "x-real-ip",
            "X_Real_IP",
            "Forwarded",
            "Proxy-Authorization",
            "x~auth~issuer",
            "x-auth",
        ] {
            assert_eq!(cleaned(&[(name, "x"), ("accept", "y")]), ["accept"], "{name}");
        }
    }

    #[test]
    fn headers_that_resemble_framing_are_removed() {
        for name in ["content_length", "Transfer_Encoding", "content.length", "keep_alive"] {
            assert_eq!(cleaned(&[(name, "x"), ("content-length", "1")]), ["content-length"], "{name}");
        }
    }

    #[test]
    fn others_pass() {
        for name in ["x-authority", "xauth-subject", "x-request-id", "cookie", "trailer", "range"] {
            assert_eq!(cleaned(&[(name, "x")]), [name], "{name}");
        }
    }

    #[test]
    fn hop_by_hop_headers_and_those_named_by_connection_are_removed() {
        for name in HOP_BY_HOP {
            assert_eq!(cleaned(&[(name, "x"), ("accept", "y")]), ["accept"], "{name}");
        }
        let lines = [
            ("connection", "close, X-Secret"),
            ("connection", "\u{c6}r\u{f8}, x-other"),
            ("x-secret", "a"),
            ("x-other", "b"),
        ];
        assert_eq!(cleaned(&[&lines[..], &[("accept", "y")]].concat()), ["accept"]);
    }

    #[test]
    fn connection_header_cannot_remove_framing_or_forwarding_headers() {
        let mut kept =
            cleaned(&[("connection", "content-length, host"), ("content-length", "5"), ("host", "a")]);
        kept.sort();
        assert_eq!(kept, ["content-length", "host"]);
    }

    #[test]
    fn only_websocket_upgrades_are_allowed() {
        let wants = |connection: &'static str, upgrade: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONNECTION, HeaderValue::from_static(connection));
            headers.insert(header::UPGRADE, HeaderValue::from_static(upgrade));
            wants_websocket(&headers)
        };
        assert!(wants("keep-alive, Upgrade", "WebSocket"));
        assert!(
            !wants("keep-alive", "websocket") && !wants("upgrade", "h2c") && !wants("upgrade", "TLS/1.3")
        );
    }
}
