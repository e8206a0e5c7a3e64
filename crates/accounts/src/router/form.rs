//! A submitted form: its type, its size, its fields.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::{Params, limits, params::ParamsError};
use server::Reason;

/// The body of a form, within [`limits::BODY_BYTES_MAX`]. It may hold a password, so it never prints.
pub(super) struct Form(Bytes);

impl Form {
    /// Reads the body where it says to be a form.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Reason> {
        let content_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let media_type = content_type.split(';').next().unwrap_or("").trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Reason::BodyType);
        }
        match Limited::new(body, limits::BODY_BYTES_MAX).collect().await {
            Ok(body) => Ok(Self(body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(Reason::BodyTooLarge),
            Err(_) => Err(Reason::BodyUnreadable),
        }
    }

    /// Its fields.
    pub(super) fn params(&self) -> Result<Params<'_>, Reason> {
        Params::parse(&self.0).map_err(|error| match error {
            ParamsError::Malformed => Reason::BodyMalformed,
            ParamsError::Repeated => Reason::ParameterRepeated,
            ParamsError::TooLarge => Reason::BodyTooLarge,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    async fn read(content_type: &'static str, body: Vec<u8>) -> Result<Form, Reason> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Form::read(&headers, body.into()).await
    }

    #[tokio::test]
    async fn only_forms_are_read() {
        for good in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"]
        {
            let form = read(good, b"username=alice".to_vec()).await.expect("a form");
            assert_eq!(form.params().expect("fields").get("username"), Some("alice"));
        }
        for bad in ["", "application/json", "multipart/form-data; boundary=x", "text/plain"] {
            assert_eq!(read(bad, b"username=alice".to_vec()).await.err(), Some(Reason::BodyType), "{bad}");
        }
    }

    #[tokio::test]
    async fn what_is_too_large_malformed_or_repeated_is_refused() {
        let form = "application/x-www-form-urlencoded";
        let large = read(form, vec![b'a'; limits::BODY_BYTES_MAX + 1]).await;
        assert_eq!(large.err(), Some(Reason::BodyTooLarge));
        for (body, reason) in [
            ("a=%zz", Reason::BodyMalformed),
            ("a=%00", Reason::BodyMalformed),
            ("password=1&password=2", Reason::ParameterRepeated),
        ] {
            let form = read(form, body.into()).await.expect("a form");
            assert_eq!(form.params().err(), Some(reason), "{body}");
        }
    }
}
