//! The registered URI that is most like one that was sent, and the part in which two of them differ.

/// Most registered URIs that are compared, and characters of each: anybody can ask for it.
const COMPARED_MAX: usize = 32;
const COMPARED_CHARS_MAX: usize = 120;

/// The one of these that is most like the URI: that with the most parts in common, and of those the one with the
/// fewest edits between them.
pub(super) fn nearest<'a>(uri: &str, registered: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let cut = |text: &str| text.chars().take(COMPARED_CHARS_MAX).collect::<String>();
    let (parts, short) = (parts(uri), cut(uri));
    registered.into_iter().take(COMPARED_MAX).min_by_key(|other| {
        let differing = parts.iter().zip(self::parts(other)).filter(|(one, other)| **one != *other).count();
        (differing, strsim::osa_distance(&short, &cut(other)))
    })
}

/// The URI with each part between `>>` and `<<` that the other one has not. Where only the other one has something,
/// `>><<` marks the place.
pub(super) fn marked(uri: &str, other: &str) -> String {
    let mut text = String::with_capacity(uri.len() + 8);
    let (parts, others) = (parts(uri), self::parts(other));
    for (at, (part, other)) in parts.into_iter().zip(others).enumerate() {
        // Of a path and a query, only what differs in them.
        let is_long = at == PARTS - 1;
        let (start, end) = if is_long { middle(part, other) } else { (0, part.len()) };
        if part == other {
            text.push_str(part);
        } else {
            text.push_str(&part[..start]);
            text.push_str(">>");
            text.push_str(&part[start..end]);
            text.push_str("<<");
            text.push_str(&part[end..]);
        }
    }
    text
}

/// The URI with the port of the other one, where its host is loopback (RFC 8252 §7.3).
pub(super) fn at_port_of(uri: &str, other: &str) -> String {
    let [scheme, separator, host, port, path] = parts(uri);
    let port = if ["127.0.0.1", "[::1]"].contains(&host) { parts(other)[3] } else { port };
    [scheme, separator, host, port, path].concat()
}

/// Scheme, separator, host, port with its colon, and path with query.
const PARTS: usize = 5;

/// The parts, which together are the text again. A part that is absent is empty.
fn parts(uri: &str) -> [&str; PARTS] {
    let Some(at) = uri.find(':') else { return ["", "", "", "", uri] };
    let (scheme, rest) = uri.split_at(at);
    let Some(rest) = rest.strip_prefix("://") else {
        return [scheme, &rest[..1], "", "", &rest[1..]];
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // The colons of an IPv6 address are inside of brackets.
    let after_address = authority.rfind(']').unwrap_or(0);
    let port = authority[after_address..].rfind(':').map_or(authority.len(), |at| after_address + at);
    let (host, port) = authority.split_at(port);
    [scheme, "://", host, port, path]
}

/// Where the first text differs from the other: behind what both begin with, before what both end with.
fn middle(text: &str, other: &str) -> (usize, usize) {
    let pairs = text.char_indices().zip(other.chars());
    let start = pairs.take_while(|((_, one), other)| one == other).map(|((at, one), _)| at + one.len_utf8());
    let start = start.last().unwrap_or(0);
    let pairs = text[start..].chars().rev().zip(other[start..].chars().rev());
    let tail: usize = pairs.take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum();
    (start, text.len() - tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_differs_is_marked_in_both() {
        for (sent, registered, marked_sent, marked_registered) in [
            // Another port, or one that is missing.
            (
                "http://localhost:8080/cb",
                "http://localhost:3000/cb",
                "http://localhost>>:8080<</cb",
                "http://localhost>>:3000<</cb",
            ),
            (
                "http://localhost/cb",
                "http://localhost:3000/cb",
                "http://localhost>><</cb",
                "http://localhost>>:3000<</cb",
            ),
            ("http://[::1]:1/cb", "http://[::1]/cb", "http://[::1]>>:1<</cb", "http://[::1]>><</cb"),
            // A slash at the end.
            (
                "https://a.example/cb/",
                "https://a.example/cb",
                "https://a.example/cb>>/<<",
                "https://a.example/cb>><<",
            ),
            ("https://a.example", "https://a.example/", "https://a.example>><<", "https://a.example>>/<<"),
            // The scheme.
            (
                "http://a.example/cb",
                "https://a.example/cb",
                ">>http<<://a.example/cb",
                ">>https<<://a.example/cb",
            ),
            // Upper and lower case.
            (
                "https://a.example/Callback",
                "https://a.example/callback",
                "https://a.example/>>C<<allback",
                "https://a.example/>>c<<allback",
            ),
            // The host.
            (
                "https://www.a.example/cb",
                "https://a.example/cb",
                "https://>>www.a.example<</cb",
                "https://>>a.example<</cb",
            ),
            // Two of them at once, and no authority.
            (
                "http://b.example/cb",
                "https://a.example/cb",
                ">>http<<://>>b.example<</cb",
                ">>https<<://>>a.example<</cb",
            ),
            (
                "com.example.app:/cb",
                "com.example.app:/back",
                "com.example.app:/>>cb<<",
                "com.example.app:/>>back<<",
            ),
        ] {
            assert_eq!(marked(sent, registered), marked_sent);
            assert_eq!(marked(registered, sent), marked_registered);
        }
        assert_eq!(marked("https://é.example/ä", "https://é.example/ö"), "https://é.example/>>ä<<");
        assert_eq!(marked("https://a.example/aa", "https://a.example/a"), "https://a.example/a>>a<<");
        assert_eq!(marked("https://a.example/a", "https://a.example/aa"), "https://a.example/a>><<");
    }

    #[test]
    fn only_a_loopback_uri_takes_the_port_of_another() {
        let sent = "http://127.0.0.1:7/cb/";
        assert_eq!(at_port_of("http://127.0.0.1/cb", sent), "http://127.0.0.1:7/cb");
        assert_eq!(at_port_of("http://[::1]:1/cb", "http://[::1]/x"), "http://[::1]/cb");
        assert_eq!(at_port_of("http://localhost/cb", sent), "http://localhost/cb");
    }

    #[test]
    fn the_nearest_has_most_parts_in_common() {
        let registered =
            ["https://shop.example/", "http://127.0.0.1/cb", "https://shop.example/callback", "shop:/cb"];
        for (sent, near) in [
            ("https://shop.example/callback/", "https://shop.example/callback"),
            ("http://shop.example/callback", "https://shop.example/callback"),
            ("https://shop.example", "https://shop.example/"),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"),
            ("shop:/cb/", "shop:/cb"),
        ] {
            assert_eq!(nearest(sent, registered), Some(near), "{sent}");
        }
        assert_eq!(nearest("https://shop.example/", []), None);
    }
}
