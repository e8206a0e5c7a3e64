//! Distinguished names (X.501), compared as RFC 4514 writes them.

use std::{collections::BTreeSet, fmt};

use super::der::{TypeAndValue, dotted};

/// The attribute types that RFC 4514 §3 names, and those that tools name beside them.
const TYPES: [(&str, &str); 12] = [
    ("CN", "2.5.4.3"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("C", "2.5.4.6"),
    ("STREET", "2.5.4.9"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("serialNumber", "2.5.4.5"),
    ("organizationIdentifier", "2.5.4.97"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
];

/// `UTF8String`, `NumericString`, `PrintableString`, `IA5String`, `VisibleString`: what is UTF-8 as it stands.
const TEXTS: [u8; 5] = [0x0c, 0x12, 0x13, 0x16, 0x1a];

/// A distinguished name: its relative names, the most specific first, each a set of attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DistinguishedName(Vec<BTreeSet<Attribute>>);

/// An object identifier and its value: text, or the DER of what is no text, in hexadecimal after a number sign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute {
    kind: String,
    value: String,
}

impl DistinguishedName {
    /// The name in a certificate, whose relative names stand there in the reverse order (RFC 4514 §2.1).
    pub(super) fn of(name: &[Vec<TypeAndValue<'_>>]) -> Option<Self> {
        let relative = name.iter().rev();
        let relative = relative.map(|relative| relative.iter().map(Attribute::of).collect::<Option<_>>());
        relative.collect::<Option<_>>().map(Self)
    }

    /// Reads the string form of RFC 4514 §3. Spaces around a name, a type and a value don't count (RFC 2253 §4).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let relative = split(text, ',').into_iter();
        let relative =
            relative.map(|relative| split(relative, '+').into_iter().map(Attribute::parse).collect());
        relative.collect::<Option<Vec<BTreeSet<_>>>>().map(Self)
    }
}

impl Attribute {
    fn of((kind, value): &TypeAndValue<'_>) -> Option<Self> {
        let text = std::str::from_utf8(value.contents).ok().filter(|_| TEXTS.contains(&value.tag));
        let value = match text {
            Some(text) => text.to_owned(),
            None => {
                let hex: String = value.whole.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("#{hex}")
            }
        };
        Some(Self { kind: dotted(kind)?, value })
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, value) = text.split_once('=')?;
        let kind = kind.trim();
        let is_dotted = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let known = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|(_, id)| *id);
        let kind = known.or_else(|| is_dotted.then_some(kind))?.to_owned();
        Some(Self { kind, value: unescaped(value.trim_matches(' '))? })
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, relative) in self.0.iter().enumerate() {
            for (position, Attribute { kind, value }) in relative.iter().enumerate() {
                let separator = match (at, position) {
                    (0, 0) => "",
                    (_, 0) => ",",
                    _ => "+",
                };
                let name = TYPES.iter().find(|(_, id)| id == kind).map_or(kind.as_str(), |(name, _)| name);
                write!(f, "{separator}{name}={}", Escaped(value))?;
            }
        }
        Ok(())
    }
}

/// A value with the escapes of RFC 4514 §2.4.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.chars().count().saturating_sub(1);
        for (at, character) in self.0.chars().enumerate() {
            let is_edge = at == 0 || at == last;
            if "\"+,;<>\\".contains(character) || character == ' ' && is_edge {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

/// Splits at a character that no backslash precedes.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut begin, mut is_escaped) = (Vec::new(), 0, false);
    for (place, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            found if found == at => {
                parts.push(&text[begin..place]);
                begin = place + found.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// A value without its escapes: a backslash before a special character, or before two hexadecimal digits of a byte.
fn unescaped(text: &str) -> Option<String> {
    if let Some(hex) = text.strip_prefix('#') {
        return hex.bytes().all(|b| b.is_ascii_hexdigit()).then(|| text.to_ascii_lowercase());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => {
                let first = rest.next()?;
                if b" \"#+,;<=>\\".contains(&first) {
                    bytes.push(first);
                } else {
                    let digit =
                        |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
                    bytes.push(digit(first)? << 4 | digit(rest.next()?)?);
                }
            }
            b'"' | b'+' | b',' | b';' | b'<' | b'>' => return None,
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for (text, normal) in [
            ("CN=shop,O=Shops,C=CH", "CN=shop,O=Shops,C=CH"),
            ("cn=shop, o=Shops, c=CH", "CN=shop,O=Shops,C=CH"),
            ("2.5.4.3=shop,1.2.3=x", "CN=shop,1.2.3=x"),
            (r"CN=Shop\, Inc.,O=\22a\22", r#"CN=Shop\, Inc.,O=\"a\""#),
            (r"CN=L\C3\BC", "CN=Lü"),
            ("OU=a+CN=b,O=c", "OU=a+CN=b,O=c"),
            ("1.2.3=#0C01FF", "1.2.3=#0c01ff"),
        ] {
            let name = DistinguishedName::parse(text).expect(text);
            assert_eq!(DistinguishedName::parse(normal), Some(name.clone()), "{text}");
            assert_eq!(DistinguishedName::parse(&name.to_string()), Some(name), "{text}");
        }
        let both = ["OU=a+CN=b", "CN=b+OU=a"].map(DistinguishedName::parse);
        assert_eq!(both[0], both[1], "a relative name is a set");
    }

    #[test]
    fn what_differs_stays_different() {
        let names = [
            "CN=shop,O=Shops",
            "O=Shops,CN=shop",
            "CN=shop",
            "CN=Shop,O=Shops",
            "CN=shop,OU=Shops",
            r"CN=shop\,O=Shops",
        ];
        for one in names {
            let same =
                names.iter().filter(|other| DistinguishedName::parse(other) == DistinguishedName::parse(one));
            assert_eq!(same.count(), 1, "{one}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in
            ["", "shop", "CN", "x-y=1", "=a", "CN=a,", "CN=\"a\"", r"CN=a\", r"CN=\zz", "1.2=#0g", "CN=a;b"]
        {
            assert_eq!(DistinguishedName::parse(text), None, "{text:?}");
        }
    }
}
