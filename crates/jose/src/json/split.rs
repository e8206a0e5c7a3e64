//! Splits the text of an object or an array at its outermost commas, without reading the values: a malformed value
//! does not spoil the others.

/// The name and the text of each member of an object; `None` if the text is not an object from `{` to `}`.
pub(crate) fn members(text: &[u8]) -> Option<Vec<(String, &[u8])>> {
    pieces(text, b'{', b'}')?.map(member).collect()
}

/// The text of each item of an array; `None` if the text is not an array from `[` to `]`.
pub(crate) fn items(text: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    pieces(text, b'[', b']')
}

fn pieces(text: &[u8], open: u8, close: u8) -> Option<impl Iterator<Item = &[u8]>> {
    let inside = text.trim_ascii().strip_prefix(&[open])?.strip_suffix(&[close])?;
    if Ends::of(inside).last() != Some(inside.len()) {
        return None;
    }
    let count = if inside.trim_ascii().is_empty() { 0 } else { usize::MAX };
    let mut start = 0;
    let pieces = Ends::of(inside).map(move |end| {
        let piece = inside[start..end].trim_ascii();
        start = end + 1;
        piece
    });
    Some(pieces.take(count))
}

/// `"name": value`
fn member(text: &[u8]) -> Option<(String, &[u8])> {
    let end = 2 + string_end(text.strip_prefix(b"\"")?)?;
    let name = serde_json::from_slice(&text[..end]).ok()?;
    Some((name, text[end..].trim_ascii_start().strip_prefix(b":")?.trim_ascii()))
}

/// The place of the quotation mark that ends a string, in the text after the one that began it.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Where each piece ends: at a comma outside of strings, arrays and objects, the last one at the end of the text. That
/// end is missing where a bracket or a string is not closed.
struct Ends<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Ends<'a> {
    fn of(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Ends<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let mut depth = 0_usize;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => self.at += 1 + string_end(&self.text[self.at..])?,
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.checked_sub(1)?,
                b',' if depth == 0 => return Some(self.at - 1),
                _ => {}
            }
        }
        let is_end = depth == 0 && self.at == self.text.len();
        self.at = usize::MAX;
        is_end.then_some(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<Vec<&str>> {
        Some(items(text.as_bytes())?.map(|item| std::str::from_utf8(item).expect("text")).collect())
    }

    #[test]
    fn an_array_is_split_at_its_own_commas() {
        for (text, expected) in [
            ("[]", vec![]),
            (" [ ] ", vec![]),
            ("[1]", vec!["1"]),
            (r#"[{"a":[1,2]}, "x,]\"," ,null]"#, vec![r#"{"a":[1,2]}"#, r#""x,]\",""#, "null"]),
            ("[1,,{\"a\":1e999}, ]", vec!["1", "", "{\"a\":1e999}", ""]),
        ] {
            assert_eq!(split(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_does_not_end_is_not_split() {
        for text in ["", "[", "]", "[\"]", "[[]", "[]]", "[{]", "{}", "[\"\\\"]", "[\"\\]", "[1] x"] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn members_have_a_name_and_a_text() {
        let text = br#" {"keys": [1,2] , "a\"\u0062" :{"b":1}} "#;
        let expected = vec![("keys".to_owned(), &b"[1,2]"[..]), ("a\"b".to_owned(), br#"{"b":1}"#)];
        assert_eq!(members(text), Some(expected));
        for text in ["{1}", "{a:1}", "{\"a\"}", "{\"a\":1,}", "[]"] {
            assert_eq!(members(text.as_bytes()), None, "{text}");
        }
    }
}
