//! The target of a request as a proxy names it in a header: raw, as its client wrote it, or as a whole URL.

use http::Uri;

/// Path and query of a target. Bytes that do not belong into a URL are percent-encoded, as browsers do before they send one:
/// proxies let raw UTF-8, quotes and angle brackets through. Control characters are invalid.
pub(super) fn read(target: &[u8]) -> Option<Uri> {
    let mut text = String::with_capacity(target.len());
    let after_host = after_host(target);
    if after_host.is_some_and(|rest| !rest.starts_with(b"/")) {
        text.push('/');
    }
    for &byte in after_host.unwrap_or(target) {
        match byte {
            0..=0x1f | 0x7f => return None,
            b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
                text.push_str(&format!("%{byte:02X}"));
            }
            visible => text.push(char::from(visible)),
        }
    }
    if !text.starts_with('/') && text != "*" {
        return None;
    }
    let uri: Uri = text.parse().ok()?;
    Uri::try_from(uri.path_and_query()?.as_str()).ok()
}

/// The part of a URL after the host; `None` if the target is no URL.
fn after_host(target: &[u8]) -> Option<&[u8]> {
    let lower: Vec<u8> = target.iter().take(8).map(u8::to_ascii_lowercase).collect();
    let scheme = [&b"https://"[..], b"http://"].into_iter().find(|scheme| lower.starts_with(scheme));
    let rest = target.get(scheme?.len()..)?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    rest.get(end.unwrap_or(rest.len())..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_targets_are_percent_encoded() {
        for (target, expected) in [
            ("/", "/"),
            ("/a%2Fb/../c?x=%20&y", "/a%2Fb/../c?x=%20&y"),
            ("/Zoë/日本?q=ø", "/Zo%C3%AB/%E6%97%A5%E6%9C%AC?q=%C3%B8"),
            ("/a\"b\"?<x>='y'", "/a%22b%22?%3Cx%3E='y'"),
            ("/{id}|^`\\ z", "/%7Bid%7D%7C%5E%60%5C%20z"),
            ("/%", "/%"),
            ("/%C3%28", "/%C3%28"),
            ("//x", "//x"),
            ("/http://x/y", "/http://x/y"),
            ("https://api.example/a?b=c", "/a?b=c"),
            ("HTTP://api.example:8080/a\"", "/a%22"),
            ("https://api.example", "/"),
            ("https://api.example?access_token=x", "/?access_token=x"),
            ("https://[::1]/x", "/x"),
            ("*", "*"),
        ] {
            assert_eq!(
                read(target.as_bytes()).map(|uri| uri.to_string()).as_deref(),
                Some(expected),
                "{target}"
            );
        }
        assert_eq!(read(b"/\xff\xfe").map(|uri| uri.to_string()).as_deref(), Some("/%FF%FE"));
        for target in
            [&b""[..], b"a", b"a b", b"/\0", b"/\x7f", b"/a\tb", b"ftp://x/y", b"api.example/a", b"?x"]
        {
            assert_eq!(read(target), None, "{target:?}");
        }
    }
}
