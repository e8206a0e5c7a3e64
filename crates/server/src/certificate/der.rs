//! The parts of an X.509 certificate that name its subject (RFC 5280 §4.1), read from DER (X.690 §10).
//!
//! Only certificates are read that a trusted authority issued, so this never meets bytes that a stranger made up. What does not
//! have the form of RFC 5280 is not read at all.

const BOOLEAN: u8 = 0x01;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// `id-ce-subjectAltName` (RFC 5280 §4.2.1.6).
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// One value: its tag and its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) contents: &'a [u8],
    /// All of it, with tag and length.
    pub(super) whole: &'a [u8],
}

/// The values that follow each other in some bytes.
#[derive(Clone, Copy)]
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The next value. Lengths are definite, and in the fewest bytes (X.690 §10.1).
    fn next(&mut self) -> Option<Element<'a>> {
        let whole = self.0;
        let (tag, rest) = whole.split_first().filter(|(tag, _)| *tag & 0x1f != 0x1f)?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match *first {
            short @ 0..=0x7f => (usize::from(short), rest),
            long @ 0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
                let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
                let is_shortest = length >= 0x80 && digits.first() != Some(&0);
                (length, Some(rest).filter(|_| is_shortest)?)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Element { tag: *tag, contents, whole: &whole[..whole.len() - rest.len()] })
    }

    /// The next value, which must have this tag.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|element| element.tag == tag).map(|element| element.contents)
    }

    /// The next value, if it has this tag.
    fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.0.first() == Some(&tag) { self.expect(tag).map(Some) } else { Some(None) }
    }

    /// All values.
    fn all(mut self) -> Option<Vec<Element<'a>>> {
        let mut all = Vec::new();
        while !self.0.is_empty() {
            all.push(self.next()?);
        }
        Some(all)
    }
}

/// The type and value of one attribute of a name.
pub(super) type TypeAndValue<'a> = (&'a [u8], Element<'a>);

/// What a certificate says of its subject.
#[derive(Debug, Default)]
pub(super) struct Subject<'a> {
    /// The relative names of its distinguished name, in their order.
    pub(super) relative: Vec<Vec<TypeAndValue<'a>>>,
    /// Its alternative names: context-specific tags of `GeneralName`.
    pub(super) alternatives: Vec<Element<'a>>,
}

impl<'a> Subject<'a> {
    /// Reads a certificate.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Elements(der);
        let mut certificate = Elements(outer.expect(SEQUENCE).filter(|_| outer.0.is_empty())?);
        let mut fields = Elements(certificate.expect(SEQUENCE)?);
        fields.optional(VERSION)?;
        // Serial number, signature algorithm, issuer, validity.
        for _ in 0..4 {
            fields.next()?;
        }
        let relative = relative(fields.expect(SEQUENCE)?)?;
        let mut alternatives = Vec::new();
        for extension in fields.all()?.into_iter().filter(|field| field.tag == EXTENSIONS) {
            alternatives = alternative_names(Elements(extension.contents).expect(SEQUENCE)?)?;
        }
        Some(Self { relative, alternatives })
    }
}

/// `RDNSequence` (RFC 5280 §4.1.2.4).
fn relative(name: &[u8]) -> Option<Vec<Vec<TypeAndValue<'_>>>> {
    let relative = Elements(name).all()?.into_iter().map(|relative| {
        let attributes = Elements(relative.contents).all().filter(|_| relative.tag == SET)?;
        attributes.into_iter().map(attribute).collect()
    });
    relative.collect()
}

fn attribute(element: Element<'_>) -> Option<TypeAndValue<'_>> {
    let mut parts = Elements(element.contents);
    let kind = parts.expect(OBJECT_IDENTIFIER).filter(|_| element.tag == SEQUENCE)?;
    let value = parts.next().filter(|_| parts.0.is_empty())?;
    Some((kind, value))
}

/// The names in the extension, of which there is at most one (RFC 5280 §4.2).
fn alternative_names(extensions: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = None;
    for extension in Elements(extensions).all()? {
        let mut parts = Elements(extension.contents);
        let kind = parts.expect(OBJECT_IDENTIFIER).filter(|_| extension.tag == SEQUENCE)?;
        parts.optional(BOOLEAN)?;
        let value = parts.expect(OCTET_STRING)?;
        if kind == SUBJECT_ALT_NAME {
            let names = Elements(Elements(value).expect(SEQUENCE)?).all()?;
            if found.replace(names).is_some() {
                return None;
            }
        }
    }
    Some(found.unwrap_or_default())
}

/// The dotted form of an object identifier (X.690 §8.19).
pub(super) fn dotted(identifier: &[u8]) -> Option<String> {
    let (mut arcs, mut arc): (Vec<u64>, u64) = (Vec::new(), 0);
    for byte in identifier {
        arc = arc.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    let first = arcs.first_mut().filter(|_| identifier.last().is_some_and(|last| last & 0x80 == 0))?;
    // The first two arcs are one number.
    let root = (*first / 40).min(2);
    *first -= root * 40;
    let arcs: Vec<String> = std::iter::once(root).chain(arcs).map(|arc| arc.to_string()).collect();
    Some(arcs.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_definite_and_shortest() {
        let long = [&[0x04, 0x81, 0x80][..], &[7; 0x80]].concat();
        assert_eq!(Elements(&long).next().map(|element| element.contents.len()), Some(0x80));
        assert_eq!(Elements(&[0x04, 1, 9, 5]).next().map(|element| element.whole), Some(&[0x04, 1, 9][..]));
        for bytes in [
            &[][..],
            &[0x04],
            &[0x04, 2, 0],
            &[0x04, 0x80, 0, 0],
            &[0x04, 0x81, 0x7f],
            &[0x04, 0x82, 0, 0x80],
            &[0x04, 0x84, 0, 0, 0, 1, 0],
            &[0x1f, 1, 0],
        ] {
            assert_eq!(Elements(bytes).next(), None, "{bytes:02x?}");
        }
    }

    #[test]
    fn identifiers_are_written_with_dots() {
        for (bytes, text) in [
            (&[0x55, 4, 3][..], Some("2.5.4.3")),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], Some("1.2.840.113549.1.9.1")),
            (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], Some("0.9.2342.19200300.100.1.25")),
            (&[0x88, 0x37, 3], Some("2.999.3")),
            (&[], None),
            (&[0x55, 0x84], None),
            (&[0xff; 20], None),
        ] {
            assert_eq!(dotted(bytes).as_deref(), text, "{bytes:02x?}");
        }
    }
}
