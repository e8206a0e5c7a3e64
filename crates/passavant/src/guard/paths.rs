//! Which paths need no token. Fails closed: an ambiguous path is never public.

/// Public path prefixes, each as its segments.
#[derive(Clone, Debug, Default)]
pub(super) struct PublicPaths {
    prefixes: Vec<Vec<String>>,
}

/// Whether a path is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// No token is needed.
    Public,
    /// A token is needed.
    Guarded,
    /// It may be public, but another parser may read it differently.
    Ambiguous,
}

impl PublicPaths {
    /// Parses the prefixes of the operator.
    ///
    /// # Errors
    /// A message for the operator: a prefix that is not a path, is ambiguous, or is every path.
    pub(super) fn new(prefixes: &[String]) -> Result<Self, String> {
        let prefixes = prefixes.iter().map(|prefix| match segments(prefix) {
            Some(segments) if segments.is_empty() => Err(format!("{prefix} would make everything public")),
            Some(segments) => Ok(segments),
            None => Err(format!("{prefix} is not a plain path that begins with a slash")),
        });
        Ok(Self { prefixes: prefixes.collect::<Result<_, _>>()? })
    }

    /// Judges the path of a request, as it is in the request line.
    pub(super) fn judge(&self, path: &str) -> Standing {
        let begins = |segments: &[String]| self.prefixes.iter().any(|prefix| segments.starts_with(prefix));
        if let Some(segments) = segments(path) {
            return if begins(&segments) { Standing::Public } else { Standing::Guarded };
        }
        if begins(&loosely(path)) { Standing::Ambiguous } else { Standing::Guarded }
    }
}

/// The decoded segments of a path that every parser reads the same; a slash at the end makes no difference.
fn segments(path: &str) -> Option<Vec<String>> {
    let inner = path.strip_prefix('/')?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        return (path == "/").then(Vec::new);
    }
    inner.split('/').map(|segment| decoded(segment).filter(|text| is_plain(text))).collect()
}

/// No empty or dot segment, no encoded separator, no parameter (some parsers read `..;/` as `../`), nothing that a second
/// decoding would change, no control character.
fn is_plain(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && segment.chars().all(|c| !matches!(c, '/' | '\\' | '%' | ';' | '?' | '#') && !c.is_control())
}

/// Percent-decodes once; `None` where the encoding is invalid or not UTF-8.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hexadecimal(rest.next()?)? * 16 + hexadecimal(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The segments as the most lenient parser would read them: every kind of separator, empty segments dropped.
fn loosely(path: &str) -> Vec<String> {
    let (mut text, mut before) = (path.to_owned(), String::new());
    while text != before {
        before = std::mem::take(&mut text);
        text = once_more(&before);
    }
    let parts = text.split(['/', '\\']).map(|part| part.split(';').next().unwrap_or_default());
    parts.filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
}

/// Decodes what can be decoded, and leaves the rest.
fn once_more(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                out.push(char::from(code));
                out.push_str(&part[2..]);
            }
            None => {
                out.push('%');
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(path: &str) -> Standing {
        let public = ["/public".to_owned(), "/a/b/".to_owned(), "/naïve".to_owned()];
        PublicPaths::new(&public).expect("plain").judge(path)
    }

    #[test]
    fn a_public_prefix_is_whole_segments() {
        for path in [
            "/public",
            "/public/",
            "/public/x",
            "/public/x/y.css",
            "/a/b",
            "/a/b/c",
            "/%70ublic/x",
            "/na%C3%AFve",
        ] {
            assert_eq!(judge(path), Standing::Public, "{path}");
        }
        for path in ["/", "/publicity", "/Public", "/a", "/a/bc", "/x/public", "*", "", "/a%20b"] {
            assert_eq!(judge(path), Standing::Guarded, "{path}");
        }
    }

    #[test]
    fn ambiguous_paths_are_never_public() {
        for path in [
            "/public/../secret",
            "/public/..",
            "/public/./x",
            "/public/%2e%2e/secret",
            "/public/%2E./secret",
            "/public/..;/secret",
            "/public;x=1/..",
            "/public/..%2fsecret",
            "/public%2f..%2fsecret",
            "/public/%5c..%5csecret",
            "/public\\..\\secret",
            "//public/x",
            "/public//x",
            "/public/%252e%252e/secret",
            "/public/%00",
            "/public/%",
            "/public/%zz",
            "/public/%ff",
            "/./public/x",
            "/public/x%0d%0a",
            "/%2fpublic",
            "/public/a;b",
            "/public/%23",
        ] {
            assert_eq!(judge(path), Standing::Ambiguous, "{path}");
        }
        for path in ["/secret/../public/x", "/secret/%2e%2e/public", "/secret%2f..%2fpublic", "/x;/public"] {
            assert_ne!(judge(path), Standing::Public, "{path}");
        }
    }

    #[test]
    fn unusual_path_outside_public_prefixes_needs_a_token() {
        for path in ["/projects/group%2Fproject", "/secret//x", "/x/../y", "/50%25"] {
            assert_eq!(judge(path), Standing::Guarded, "{path}");
        }
    }

    #[test]
    fn root_and_invalid_paths_cannot_be_public() {
        for prefix in ["/", "", "public", "/a/../b", "/a%2fb", "/a//b", "/a;b", "/%"] {
            assert!(PublicPaths::new(&[prefix.to_owned()]).is_err(), "{prefix}");
        }
    }
}
