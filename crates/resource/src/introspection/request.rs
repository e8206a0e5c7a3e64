//! What is sent to the introspection endpoint (RFC 7662 §2.1): the token, and who asks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::{Serializer, byte_serialize};
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use zeroize::Zeroizing;

use crate::introspection::ClientAuth;
use crate::reason::Reason;

/// Who asks. It has no `Debug`, since it holds a secret.
#[derive(Clone)]
pub(crate) struct Credentials {
    id: String,
    secret: Zeroizing<String>,
    method: ClientAuth,
    header: Option<HeaderValue>,
}

impl Credentials {
    /// Credentials that can be sent: nothing if one is empty that is needed, or no header can hold the token.
    pub(crate) fn new(id: &str, secret: &str, method: ClientAuth) -> Option<Self> {
        if secret.is_empty() || (id.is_empty() && method != ClientAuth::Bearer) {
            return None;
        }
        let header = match method {
            ClientAuth::Basic => Some(sensitive(&basic(id, secret))?),
            ClientAuth::Bearer => Some(sensitive(&Zeroizing::new(format!("Bearer {secret}")))?),
            ClientAuth::Post => None,
        };
        Some(Self { id: id.to_owned(), secret: Zeroizing::new(secret.to_owned()), method, header })
    }

    /// The name by which the server knows us, where there is one.
    pub(crate) fn id(&self) -> Option<&str> {
        Some(&*self.id).filter(|id| !id.is_empty())
    }
}

/// A request for one token. No `token_type_hint`: some servers refuse hints that they do not know.
pub(super) fn build(
    url: &str,
    credentials: &Credentials,
    accept: &'static str,
    token: &str,
) -> Result<Request<Bytes>, Reason> {
    let mut form = Serializer::new(String::new());
    form.append_pair("token", token);
    if credentials.method == ClientAuth::Post {
        form.append_pair("client_id", &credentials.id).append_pair("client_secret", &credentials.secret);
    }
    let mut request = Request::post(url)
        .header(ACCEPT, HeaderValue::from_static(accept))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    if let Some(header) = &credentials.header {
        request = request.header(AUTHORIZATION, header);
    }
    request.body(form.finish().into()).map_err(|error| {
        tracing::warn!(url, %error, "the introspection endpoint has an unusable address");
        Reason::IntrospectionFailed
    })
}

/// Id and secret are form-encoded before they are joined, so that either may hold a colon (RFC 6749 §2.3.1).
fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let joined = Zeroizing::new(format!("{}:{}", encoded(id), *Zeroizing::new(encoded(secret))));
    Zeroizing::new(format!("Basic {}", *Zeroizing::new(STANDARD.encode(joined.as_bytes()))))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(id: &str, secret: &str, method: ClientAuth) -> Request<Bytes> {
        let credentials = Credentials::new(id, secret, method).expect("credentials");
        build("https://id.example/introspect", &credentials, "application/json", "a+b/c==").expect("request")
    }

    #[test]
    fn basic_form_encodes_id_and_secret_before_base64() {
        let request = sent("notes rs", "p:ss%+ä", ClientAuth::Basic);
        let header = request.headers()[AUTHORIZATION].to_str().expect("text").to_owned();
        let decoded = STANDARD.decode(header.strip_prefix("Basic ").expect("Basic")).expect("base64");
        assert_eq!(decoded, b"notes+rs:p%3Ass%25%2B%C3%A4");
        assert_eq!(request.body(), "token=a%2Bb%2Fc%3D%3D");
    }

    #[test]
    fn post_sends_both_in_the_body_and_no_header() {
        let request = sent("notes-rs", "p:ss&", ClientAuth::Post);
        assert!(!request.headers().contains_key(AUTHORIZATION));
        assert_eq!(request.body(), "token=a%2Bb%2Fc%3D%3D&client_id=notes-rs&client_secret=p%3Ass%26");
    }

    #[test]
    fn bearer_sends_the_secret_as_a_token() {
        let request = sent("", "abc.def", ClientAuth::Bearer);
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer abc.def");
    }

    #[test]
    fn credentials_do_not_show_in_debug() {
        assert!(!format!("{:?}", sent("notes-rs", "s3cret", ClientAuth::Basic)).contains("Basic"));
    }

    #[test]
    fn credentials_that_can_not_be_sent_are_none() {
        for (id, secret, method) in [
            ("", "secret", ClientAuth::Basic),
            ("id", "", ClientAuth::Post),
            ("id", "", ClientAuth::Bearer),
            ("id", "a\nb", ClientAuth::Bearer),
        ] {
            assert!(Credentials::new(id, secret, method).is_none(), "{id:?} {secret:?}");
        }
    }
}
