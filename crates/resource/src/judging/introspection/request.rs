//! Requests to an endpoint of the server: a form, with client authentication (RFC 7662 §2.1, RFC 6749 §2.3, RFC 7523
//! §2.2).

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use jose::{SigningKey, jws};
use protocol::{Issuer, Timestamp};
use serde_json::json;

use crate::judging::introspection::caller::{AssertionAudience, Caller, Method};
use crate::limits::ASSERTION_SECONDS;
use crate::reason::Reason;

/// The one `client_assertion_type` (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A form that is sent to an endpoint.
pub(super) struct FormRequest<'a> {
    pub(super) url: &'a str,
    pub(super) accept: &'static str,
    pub(super) fields: &'a [(&'a str, &'a str)],
}

/// The possible audiences of an assertion, and the time.
pub(super) struct Addressees<'a> {
    pub(super) issuer: &'a Issuer,
    /// Only where assertions are addressed to it.
    pub(super) token_endpoint: Option<String>,
    pub(super) now: Timestamp,
}

impl FormRequest<'_> {
    /// The form with an access token that authenticates the caller.
    pub(super) fn with_token(&self, header: &HeaderValue) -> Result<Request<Bytes>, Reason> {
        self.request(Some(header), &[])
    }

    /// The form with the credentials of the caller.
    pub(super) fn with_caller(
        &self,
        caller: &Caller,
        addressees: &Addressees<'_>,
    ) -> Result<Request<Bytes>, Reason> {
        let id = caller.id().unwrap_or_default();
        match &caller.method {
            Method::Header(header) => self.request(Some(header), &[]),
            Method::Post(secret) => self.request(None, &[("client_id", id), ("client_secret", secret)]),
            Method::Certificate => self.request(None, &[("client_id", id)]),
            Method::Assertion(key) => {
                let audience = match caller.audience {
                    AssertionAudience::Issuer => Some(addressees.issuer.as_str()),
                    AssertionAudience::TokenEndpoint => addressees.token_endpoint.as_deref(),
                    AssertionAudience::Endpoint => Some(self.url),
                };
                let audience = audience.ok_or(Reason::EndpointMissing)?;
                let typed = caller.audience == AssertionAudience::Issuer;
                let assertion = assertion(id, audience, typed, key, addressees.now)?;
                let shown =
                    [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
                self.request(None, &shown)
            }
        }
    }

    fn request(
        &self,
        header: Option<&HeaderValue>,
        shown: &[(&str, &str)],
    ) -> Result<Request<Bytes>, Reason> {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(self.fields).extend_pairs(shown);
        let mut request = Request::post(self.url)
            .header(ACCEPT, HeaderValue::from_static(self.accept))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(header) = header {
            request = request.header(AUTHORIZATION, header);
        }
        request.body(form.finish().into()).map_err(|error| {
            tracing::warn!(url = self.url, %error, "invalid endpoint URL");
            Reason::IntrospectionFailed
        })
    }
}

/// An assertion for one request (RFC 7523 §3): its `jti` is unique, and it expires within a minute.
fn assertion(
    id: &str,
    audience: &str,
    typed: bool,
    key: &SigningKey,
    now: Timestamp,
) -> Result<String, Reason> {
    let mut unique = [0; 16];
    jose::primitives::random(&mut unique);
    let claims = json!({
        "iss": id, "sub": id, "aud": audience, "jti": jose::base64url::encode(&unique),
        "iat": now.0, "exp": now.0.saturating_add(ASSERTION_SECONDS),
    });
    let typ = if typed { "client-authentication+jwt" } else { "JWT" };
    // A shared secret has no `kid`: the server knows it by the client.
    let kid = (!key.algorithm().is_symmetric()).then(|| key.kid().to_owned());
    let header = jws::Header { typ: Some(typ.to_owned()), kid, cty: None };
    jws::sign(&header, claims.to_string().as_bytes(), key).map_err(|error| {
        tracing::error!(%error, "a client assertion can't be signed");
        Reason::IntrospectionFailed
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use jose::{Claims, SignatureAlgorithm};

    use super::*;
    use crate::judging::introspection::credentials::{ClientAuth, Credentials};

    const URL: &str = "https://id.example/introspect";

    fn sent(credentials: &Credentials) -> Request<Bytes> {
        let caller = credentials.prepare().expect("credentials");
        let issuer = Issuer::new("https://id.example");
        let addressees = Addressees {
            issuer: &issuer,
            token_endpoint: Some("https://id.example/token".to_owned()),
            now: Timestamp(1_800_000_000),
        };
        let form = FormRequest { url: URL, accept: "application/json", fields: &[("token", "a+b/c==")] };
        form.with_caller(&caller, &addressees).expect("request")
    }

    fn secret(id: &str, secret: &str, method: ClientAuth) -> Request<Bytes> {
        sent(&Credentials::secret(id, secret, method))
    }

    fn asserted(request: &Request<Bytes>) -> String {
        let fields: Vec<_> = form_urlencoded::parse(request.body()).into_owned().collect();
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["token", "client_assertion_type", "client_assertion"]);
        assert_eq!(fields[1].1, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert!(!request.headers().contains_key(AUTHORIZATION));
        fields[2].1.clone()
    }

    #[test]
    fn basic_form_encodes_id_and_secret_before_base64() {
        let request = secret("notes rs", "p:ss%+ä", ClientAuth::Basic);
        let header = request.headers()[AUTHORIZATION].to_str().expect("text").to_owned();
        let decoded = STANDARD.decode(header.strip_prefix("Basic ").expect("Basic")).expect("base64");
        assert_eq!(decoded, b"notes+rs:p%3Ass%25%2B%C3%A4");
        assert_eq!(request.body(), "token=a%2Bb%2Fc%3D%3D");
    }

    #[test]
    fn post_sends_both_in_the_body_and_no_header() {
        let request = secret("notes-rs", "p:ss&", ClientAuth::Post);
        assert!(!request.headers().contains_key(AUTHORIZATION));
        assert_eq!(request.body(), "token=a%2Bb%2Fc%3D%3D&client_id=notes-rs&client_secret=p%3Ass%26");
    }

    #[test]
    fn bearer_sends_the_secret_as_a_token() {
        let request = secret("", "abc.def", ClientAuth::Bearer);
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer abc.def");
    }

    #[test]
    fn a_certificate_is_accompanied_by_the_client_id_alone() {
        let request = sent(&Credentials::tls_client_auth("notes-rs"));
        assert!(!request.headers().contains_key(AUTHORIZATION));
        assert_eq!(request.body(), "token=a%2Bb%2Fc%3D%3D&client_id=notes-rs");
    }

    #[test]
    fn what_is_sent_does_not_show_in_debug() {
        let shown = format!("{:?}", secret("notes-rs", "s3cret", ClientAuth::Basic).headers());
        assert!(!shown.contains("Basic"), "{shown}");
    }

    #[test]
    fn an_assertion_says_who_for_whom_and_until_when_and_is_new_each_time() {
        let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
        let credentials = Credentials::private_key_jwt("notes-rs", key.clone());
        let texts = [asserted(&sent(&credentials)), asserted(&sent(&credentials))];
        let jtis = texts.map(|text| {
            let token = jws::Unverified::parse(&text).expect("a JWS");
            assert_eq!((token.typ(), token.kid()), (Some("client-authentication+jwt"), Some(key.kid())));
            let claims = token.verify(&key.verifying_key()).expect("ours").claims().expect("claims");
            for (name, value) in [("iss", "notes-rs"), ("sub", "notes-rs"), ("aud", "https://id.example")] {
                assert_eq!(claims.string(name), Ok(Some(value)), "a string and no list: {name}");
            }
            assert_eq!(claims.time("iat"), Ok(Some(1_800_000_000)));
            assert_eq!(claims.time("exp"), Ok(Some(1_800_000_060)));
            claims.string("jti").expect("a string").expect("present").to_owned()
        });
        assert_eq!(jtis[0].len(), 22);
        assert_ne!(jtis[0], jtis[1]);
    }

    #[test]
    fn a_secret_signs_an_assertion_and_is_not_sent() {
        let secret = "a-secret-of-at-least-32-characters";
        let request = sent(&Credentials::client_secret_jwt("notes-rs", secret));
        let text = asserted(&request);
        let token = jws::Unverified::parse(&text).expect("a JWS");
        assert_eq!(token.kid(), None);
        let key = jose::VerifyingKey::hmac(SignatureAlgorithm::Hs256, secret.as_bytes()).expect("a key");
        assert!(token.verify(&key).is_ok());
        assert!(!String::from_utf8_lossy(request.body()).contains(secret));
    }

    #[test]
    fn older_servers_find_an_endpoint_in_aud_and_the_type_they_know() {
        let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
        for (audience, expected) in [
            (AssertionAudience::TokenEndpoint, "https://id.example/token"),
            (AssertionAudience::Endpoint, URL),
        ] {
            let credentials =
                Credentials::private_key_jwt("notes-rs", key.clone()).assertion_audience(audience);
            let text = asserted(&sent(&credentials));
            let token = jws::Unverified::parse(&text).expect("a JWS");
            assert_eq!(token.typ(), Some("JWT"));
            let claims = Claims::parse(token.payload_unverified()).expect("claims");
            assert_eq!(claims.string("aud"), Ok(Some(expected)));
        }
    }
}
