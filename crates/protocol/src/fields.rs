//! List header fields, read as bytes and member by member: what somebody else wrote into one member spoils no other.
//!
//! Cookies of other sites and the forwarding headers of clients may contain any byte from 0x80 on (RFC 9110 §5.5).

/// The members of a comma-separated field (RFC 9110 §5.6.1), trimmed and not empty. A comma within a quoted string ends
/// no member (§5.6.4); a quotation mark that is never closed is an ordinary character.
pub fn members<'v>(lines: impl IntoIterator<Item = &'v [u8]>) -> impl Iterator<Item = &'v [u8]> {
    lines.into_iter().flat_map(|line| Members { rest: Some(line) })
}

/// The media type of a field or list member, without its parameters (RFC 9110 §8.3.1).
pub fn without_parameters(member: &[u8]) -> &[u8] {
    member.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Whether a member has the weight 0, "not acceptable" (RFC 9110 §12.4.2).
pub fn is_unacceptable(member: &[u8]) -> bool {
    let weight = member.split(|byte| *byte == b';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_at_checked(parameter.iter().position(|byte| *byte == b'=')?)?;
        name.trim_ascii().eq_ignore_ascii_case(b"q").then(|| value[1..].trim_ascii())
    });
    weight.is_some_and(|weight| weight.starts_with(b"0") && weight.iter().all(|byte| b"0.".contains(byte)))
}

/// Whether `If-None-Match` names the current version, with this `ETag` (RFC 9110 §13.1.2). The comparison is weak, since
/// proxies that compress weaken the tag; `*` is any version.
pub fn names_version<'v>(lines: impl IntoIterator<Item = &'v [u8]>, etag: &[u8]) -> bool {
    members(lines).any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag)
}

/// The names and values of cookies, in the order in which they were sent (RFC 6265 §5.4). One that is not text is
/// skipped: it is not ours.
pub fn cookies<'v>(lines: impl IntoIterator<Item = &'v [u8]>) -> impl Iterator<Item = (&'v str, &'v str)> {
    let pairs = lines.into_iter().flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.filter_map(|pair| str::from_utf8(pair.trim_ascii()).ok()?.split_once('='))
}

struct Members<'v> {
    rest: Option<&'v [u8]>,
}

impl<'v> Iterator for Members<'v> {
    type Item = &'v [u8];

    fn next(&mut self) -> Option<&'v [u8]> {
        loop {
            let rest = self.rest.take()?;
            let end = end_of_member(rest);
            self.rest = rest.get(end + 1..);
            let member = rest[..end].trim_ascii();
            if !member.is_empty() {
                return Some(member);
            }
        }
    }
}

/// The position of the comma that ends the first member, or the end.
fn end_of_member(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b',' => return at,
            b'"' => at = end_of_quoted(text, at).unwrap_or(at),
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The position of the quotation mark that closes the one at `start`.
fn end_of_quoted(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(line: &[u8]) -> Vec<&[u8]> {
        members([line]).collect()
    }

    #[test]
    fn a_list_is_read_member_by_member() {
        assert_eq!(listed(b"close, \xC6r\xF8 ,x"), [&b"close"[..], b"\xC6r\xF8", b"x"]);
        assert_eq!(listed(b", ,a,,"), [b"a"]);
        assert_eq!(listed(b""), [b""; 0]);
        assert_eq!(members([&b"a, b"[..], b"c"]).collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    }

    #[test]
    fn a_comma_in_a_quoted_string_ends_no_member() {
        assert_eq!(listed(b"a;x=\"1,\\\",2\", b"), [&b"a;x=\"1,\\\",2\""[..], b"b"]);
        assert_eq!(listed(b"a\", b"), [&b"a\""[..], b"b"], "never closed");
        assert_eq!(listed(b"a\"\\"), [&b"a\"\\"[..]]);
    }

    #[test]
    fn parameters_and_weights_are_told_from_the_media_type() {
        assert_eq!(without_parameters(b"text/html ; charset=\xFF"), b"text/html");
        for refused in [&b"a;q=0"[..], b"a; Q=0.000", b"a;x=1;q = 0"] {
            assert!(is_unacceptable(refused));
        }
        for taken in [&b"a"[..], b"a;q=0.1", b"a;q=1", b"a;q=", b"a;q=\xFF", b"a;x=0"] {
            assert!(!is_unacceptable(taken));
        }
    }

    #[test]
    fn a_version_is_named_by_its_tag_strong_or_weak_or_by_any() {
        for named in [&b"\"a\""[..], b"W/\"a\"", b"\"b\", W/\"a\"", b"*", b"\"x,y\" , *"] {
            assert!(names_version([named], b"\"a\""));
        }
        for other in [&b""[..], b"\"b\"", b"a", b"w/\"a\"", b"\"*\"", b"W/*", b"\"A\""] {
            assert!(!names_version([other], b"\"a\""));
        }
    }

    #[test]
    fn another_cookie_spoils_none() {
        let found = |line: &'static [u8]| {
            cookies([line]).filter(|(name, _)| *name == "ours").map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(found(b"city=\xC3\x86r\xC3\xB8; ours=1"), ["1"]);
        assert_eq!(found(b"a=\xFF;ours=1;b=\xFF;ours=2"), ["1", "2"]);
        assert_eq!(found(b"ours=\xFF; ours=1"), ["1"]);
        assert_eq!(found(b"xours=1; ours; =; Ours=2; ours =3"), [""; 0]);
    }
}
