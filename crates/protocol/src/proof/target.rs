//! The normal form of a URL, in which the URL that a proof is for (`htu`) is compared (RFC 9449 §4.3, point 9; RFC 3986
//! §6.2.2 and §6.2.3).

use std::fmt::Write as _;

use crate::uri;

/// The normal form of an `http` or `https` URL: scheme and host in lower case, no default port, escapes only where
/// needed and in upper case, no dot segments, no empty path, no query and no fragment. `None` if it has user
/// information or is not such a URL.
pub fn normalized(text: &str) -> Option<String> {
    let text = &text[..text.find(['?', '#']).unwrap_or(text.len())];
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.strip_suffix(':').unwrap_or(authority);
    let origin = uri::origin(&format!("{}://{authority}", scheme.to_ascii_lowercase()))?;
    Some(origin + &without_dot_segments(&escaped(path)?))
}

/// Each byte in its normal form: unescaped if possible, otherwise as `%XX` in upper case (RFC 3986 §6.2.2.1,
/// §6.2.2.2). `None` for an incomplete escape or an invalid character.
fn escaped(path: &str) -> Option<String> {
    let mut text = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let (high, low) = (hex(bytes.next()?)?, hex(bytes.next()?)?);
                push(&mut text, (high << 4) | low, is_unreserved);
            }
            0x21..=0x7e | 0x80.. => push(&mut text, byte, is_path_byte),
            _ => return None,
        }
    }
    Some(text)
}

fn push(text: &mut String, byte: u8, is_bare: fn(u8) -> bool) {
    if is_bare(byte) {
        text.push(char::from(byte));
    } else {
        write!(text, "%{byte:02X}").expect("writing to a string never fails");
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}

/// `unreserved` of RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// `pchar` of RFC 3986 §3.3 and the slash.
fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@/".contains(&byte)
}

/// RFC 3986 §5.2.4, for a path that is empty or starts with a slash.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_open = true;
    for segment in path.split('/').skip(1) {
        ends_open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let mut text: String = kept.iter().flat_map(|segment| ["/", segment]).collect();
    if ends_open {
        text.push('/');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rfc_3986_calls_the_same_compares_equal() {
        for (written, normal) in [
            ("https://a.example", "https://a.example/"),
            ("https://a.example/", "https://a.example/"),
            ("HTTPS://A.Example/", "https://a.example/"),
            ("https://a.example:443/x", "https://a.example/x"),
            ("https://a.example:/x", "https://a.example/x"),
            ("http://127.0.0.1:80/x", "http://127.0.0.1/x"),
            ("https://a.example:8443/x", "https://a.example:8443/x"),
            ("https://[2001:DB8::1]/x", "https://[2001:db8::1]/x"),
            ("https://a.example/x?y=1#z", "https://a.example/x"),
            ("https://a.example/x#z?y", "https://a.example/x"),
            ("https://a.example?y=/../x", "https://a.example/"),
            ("https://a.example/%7euser", "https://a.example/~user"),
            ("https://a.example/%41%2D%5f", "https://a.example/A-_"),
            ("https://a.example/a%2fb", "https://a.example/a%2Fb"),
            ("https://a.example/%c3%a4", "https://a.example/%C3%A4"),
            ("https://a.example/ä", "https://a.example/%C3%A4"),
            ("https://a.example/{id}", "https://a.example/%7Bid%7D"),
            ("https://a.example/a|b", "https://a.example/a%7Cb"),
            ("https://a.example/a/./b/../c", "https://a.example/a/c"),
            ("https://a.example/a/%2e%2E/c", "https://a.example/c"),
            ("https://a.example/../../a", "https://a.example/a"),
            ("https://a.example/a/..", "https://a.example/"),
            ("https://a.example/a/b/..", "https://a.example/a/"),
            ("https://a.example/a/.", "https://a.example/a/"),
            ("https://a.example/a/", "https://a.example/a/"),
            ("https://a.example//a", "https://a.example//a"),
            ("https://a.example/a;b=1,c@d:e", "https://a.example/a;b=1,c@d:e"),
            ("https://a.example/a+b", "https://a.example/a+b"),
        ] {
            assert_eq!(normalized(written).as_deref(), Some(normal), "{written}");
            assert_eq!(normalized(normal).as_deref(), Some(normal), "{normal} stays as it is");
        }
    }

    #[test]
    fn what_differs_stays_different() {
        let differing = [
            "https://a.example/",
            "http://a.example/",
            "https://b.example/",
            "https://a.example.evil.example/",
            "https://a.example:8443/",
            "https://a.example/x",
            "https://a.example/X",
            "https://a.example/x/",
            "https://a.example//x",
            "https://a.example/x%2Fy",
            "https://a.example/x/y",
            "https://a.example/x%3Fy",
            "https://a.example/x%25y",
            "https://a.example/%2B",
            "https://a.example/+",
        ];
        for one in differing {
            let same: Vec<_> =
                differing.iter().filter(|other| normalized(other) == normalized(one)).collect();
            assert_eq!(same, [&one]);
            assert!(normalized(one).is_some(), "{one}");
        }
    }

    #[test]
    fn what_is_no_such_address_has_no_normal_form() {
        for text in [
            "",
            "/x",
            "a.example/x",
            "//a.example/x",
            "https:/a.example/x",
            "https:a.example",
            "https://",
            "https:///x",
            "https://u@a.example/x",
            "https://a.example@evil.example/x",
            "https://a.example\\@evil.example/x",
            "https://a.example:99999/x",
            "https://a.example:4x3/x",
            "https://a example/x",
            "https://a.example/x y",
            "https://a.example/x\n",
            "https://a.example/%",
            "https://a.example/%4",
            "https://a.example/%zz",
            "ftp://a.example/x",
            "urn:a:x",
            "com.example:/x",
        ] {
            assert_eq!(normalized(text), None, "{text:?}");
        }
    }
}
