//! The logo of the organization.

use http::{HeaderMap, HeaderValue, header};
use server::Answer;

use super::asset;

/// Its path below the issuer.
pub(crate) const PATH: &str = "/assets/logo";

/// Longest logo, in bytes.
pub const LOGO_BYTES_MAX: usize = 256 * 1024;

/// An image that every page shows beside the name.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    bytes: bytes::Bytes,
    media_type: &'static str,
}

impl Logo {
    /// Accepts an SVG, PNG, JPEG or WebP image, recognized by its first bytes.
    ///
    /// # Errors
    /// [`LogoError`] where it is of another kind, or too large.
    pub fn new(bytes: Vec<u8>) -> Result<Self, LogoError> {
        if bytes.len() > LOGO_BYTES_MAX {
            return Err(LogoError::Large);
        }
        let media_type = media_type(&bytes).ok_or(LogoError::Kind)?;
        Ok(Self { bytes: bytes.into(), media_type })
    }

    /// Serves the image. An SVG that is opened directly is a document, so its policy keeps it from loading or running
    /// anything.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Answer {
        let mut answer = asset::answer(headers, &self.bytes, HeaderValue::from_static(self.media_type));
        answer.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        );
        answer
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

/// Why an image is not a valid logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// Longer than [`LOGO_BYTES_MAX`].
    #[error("is larger than 256 KiB")]
    Large,
    /// Another kind of file.
    #[error("is not an SVG, PNG, JPEG or WebP image")]
    Kind,
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => std::str::from_utf8(bytes).ok().filter(|text| is_svg(text)).map(|_| "image/svg+xml"),
    }
}

fn is_svg(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    (text.starts_with("<?xml") || text.starts_with("<!--") || text.starts_with("<svg"))
        && text.contains("<svg")
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn an_image_is_recognized_by_its_first_bytes() {
        for (bytes, media_type) in [
            (&b"\x89PNG\r\n\x1a\n."[..], "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"RIFF....WEBPVP8 ", "image/webp"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
            (b"<?xml version='1.0'?>\n<svg/>", "image/svg+xml"),
        ] {
            assert_eq!(Logo::new(bytes.to_vec()).map(|logo| logo.media_type), Ok(media_type));
        }
        for bytes in [&b""[..], b"GIF89a", b"<html><svg/></html>", b"<?xml?><html/>"] {
            assert_eq!(Logo::new(bytes.to_vec()), Err(LogoError::Kind), "{bytes:?}");
        }
        assert_eq!(Logo::new(vec![0; LOGO_BYTES_MAX + 1]), Err(LogoError::Large));
    }

    #[test]
    fn a_logo_that_is_opened_directly_runs_nothing() {
        let logo = Logo::new(b"<svg onload='alert(1)'/>".to_vec()).expect("an image");
        let answer = logo.answer(&HeaderMap::new());
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "image/svg+xml");
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    }
}
