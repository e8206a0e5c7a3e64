//! Values of the `Authorization` header that are secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::byte_serialize;
use http::header::HeaderValue;
use zeroize::Zeroizing;

/// HTTP Basic: id and secret are form-encoded before they are joined, so that either may contain a colon (RFC 6749
/// §2.3.1).
pub(super) fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let joined = Zeroizing::new(format!("{}:{}", encoded(id), *Zeroizing::new(encoded(secret))));
    Zeroizing::new(format!("Basic {}", *Zeroizing::new(STANDARD.encode(joined.as_bytes()))))
}

/// A header value that is marked as sensitive, so that it isn't logged.
pub(super) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
