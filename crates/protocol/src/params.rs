//! Parsed parameters of a form or query: each name once, within limits, nothing repaired.

use std::borrow::Cow;

use crate::limits;

/// Names that may be repeated (RFC 8707 §2).
const REPEATABLE: [&str; 1] = ["resource"];

/// The parameters of one request (RFC 6749 §3.1, §3.2). A parameter without a value counts as absent.
#[derive(Clone, Default)]
pub struct Params<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Params<'a> {
    /// Parses `application/x-www-form-urlencoded` text: a body, or the query of a URL.
    ///
    /// # Errors
    /// [`ParamsError`] for a repeated name, malformed percent-encoding, invalid UTF-8, a NUL, or anything beyond the
    /// limits.
    pub fn parse(text: &'a [u8]) -> Result<Self, ParamsError> {
        if text.len() > limits::BODY_BYTES_MAX {
            return Err(ParamsError::TooLarge);
        }
        let mut params = Self { pairs: Vec::with_capacity(8) };
        for pair in text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let (name, value) = (decode(&pair[..at])?, decode(pair.get(at + 1..).unwrap_or_default())?);
            params.add(name, value)?;
        }
        Ok(params)
    }

    /// The parameters of these pairs, such as the claims of a request object (RFC 9101 §4).
    ///
    /// # Errors
    /// [`ParamsError`], as for [`Self::parse`].
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Params<'static>, ParamsError> {
        let mut params = Params { pairs: Vec::new() };
        for (name, value) in pairs {
            if value.contains('\0') || name.contains('\0') {
                return Err(ParamsError::Malformed);
            }
            params.add(name.into(), value.into())?;
        }
        Ok(params)
    }

    /// The same with this parameter, if it was not sent.
    #[must_use]
    pub fn or(mut self, name: &'static str, value: &str) -> Self {
        if self.get(name).is_none() {
            self.pairs.retain(|(known, _)| known != name);
            self.pairs.push((name.into(), value.to_owned().into()));
        }
        self
    }

    /// Adds a parameter, within the limits.
    fn add(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) -> Result<(), ParamsError> {
        let is_long = name.len() > limits::PARAMETER_NAME_BYTES_MAX
            || value.len() > limits::PARAMETER_VALUE_BYTES_MAX
            || self.pairs.len() == limits::PARAMETERS_MAX;
        if !REPEATABLE.contains(&&*name) && self.pairs.iter().any(|(known, _)| *known == name) {
            return Err(ParamsError::Repeated);
        }
        if is_long {
            return Err(ParamsError::TooLarge);
        }
        self.pairs.push((name, value));
        Ok(())
    }

    /// The same parameters, independent of the text that they were parsed from.
    pub fn into_owned(self) -> Params<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Params { pairs: self.pairs.into_iter().map(|(name, value)| (owned(name), owned(value))).collect() }
    }

    /// The value of a name, if it was sent and is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| &**value)
    }

    /// Every value of a repeatable name, in order.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.pairs.iter().filter(move |(known, value)| *known == name && !value.is_empty()).map(|(_, v)| &**v)
    }

    /// All pairs, in order, empty values included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// Values may be secrets, so only the names are printed.
impl std::fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

/// Why a form or query is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// A percent sign without two hexadecimal digits, invalid UTF-8, or a NUL.
    #[error("a parameter is not valid percent-encoded UTF-8, or it contains a NUL")]
    Malformed,
    /// A name is repeated (RFC 6749 §3.1: parameters must not be included more than once).
    #[error("a parameter is included more than once")]
    Repeated,
    /// Beyond a limit of [`limits`].
    #[error("the parameters are too many or too long")]
    TooLarge,
}

/// Decodes one name or value of a form strictly: `+` is a space, `%` is followed by two digits, the result is UTF-8.
///
/// # Errors
/// [`ParamsError::Malformed`].
pub fn decode(text: &[u8]) -> Result<Cow<'_, str>, ParamsError> {
    let (mut has_nul, mut is_encoded) = (false, false);
    for byte in text {
        has_nul |= *byte == 0;
        is_encoded |= matches!(byte, b'%' | b'+');
    }
    if has_nul {
        return Err(ParamsError::Malformed);
    }
    if !is_encoded {
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| ParamsError::Malformed);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (rest.next().and_then(hex), rest.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                (None, _) | (_, None) => return Err(ParamsError::Malformed),
            },
            other => *other,
        });
    }
    if bytes.contains(&0) {
        return Err(ParamsError::Malformed);
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| ParamsError::Malformed)
}

fn hex(digit: &u8) -> Option<u8> {
    char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_empty_ones_count_as_absent() {
        let params = Params::parse(b"a=1+2&b=%C3%A4&c=&d&&resource=x&resource=y").expect("fine");
        assert_eq!((params.get("a"), params.get("b")), (Some("1 2"), Some("ä")));
        assert_eq!((params.get("c"), params.get("d"), params.get("e")), (None, None, None));
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn a_repeated_parameter_is_refused_known_or_not() {
        for text in ["scope=a&scope=b", "x=&x=", "unknown=1&unknown=1", "sc%6fpe=a&scope=b"] {
            assert_eq!(Params::parse(text.as_bytes()).err(), Some(ParamsError::Repeated), "{text}");
        }
    }

    #[test]
    fn malformed_encoding_and_nul_are_refused() {
        for text in ["a=%", "a=%4", "a=%zz", "a=%00", "a=\0", "a=%ff", "%=1"] {
            assert_eq!(Params::parse(text.as_bytes()).err(), Some(ParamsError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn too_many_and_too_long_are_refused() {
        let many: String = (0..=limits::PARAMETERS_MAX).map(|i| format!("p{i}=1&")).collect();
        let long = format!("a={}", "x".repeat(limits::PARAMETER_VALUE_BYTES_MAX + 1));
        let name = format!("{}=1", "n".repeat(limits::PARAMETER_NAME_BYTES_MAX + 1));
        for text in [many, long, name] {
            assert_eq!(Params::parse(text.as_bytes()).err(), Some(ParamsError::TooLarge));
        }
    }
}
