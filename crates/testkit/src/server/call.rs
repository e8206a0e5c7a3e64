//! A request to the server.

use http::{HeaderName, HeaderValue, Method, Request, header};
use server::ClientCertificate;

use super::{Reply, Running, running::Credentials};

/// Builds a request. Parameters go into the query of a GET, and into the form of everything else.
#[derive(Clone, Debug)]
pub struct Call {
    server: Running,
    method: Method,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    params: Vec<(String, String)>,
    body: Option<(Option<String>, String)>,
    certificate: Option<ClientCertificate>,
}

impl Running {
    /// Builds a GET.
    pub fn get(&self, path: &str) -> Call {
        self.request(Method::GET, path)
    }

    /// Builds a POST.
    pub fn post(&self, path: &str) -> Call {
        self.request(Method::POST, path)
    }

    /// Builds a request.
    pub fn request(&self, method: Method, path: &str) -> Call {
        Call::new(self, method, path)
    }

    /// Builds a refresh request.
    pub fn renewal(&self, client: &str, refresh_token: &str) -> Call {
        let params = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.post("/token").as_client(client).params(&params)
    }

    /// Refreshes.
    pub async fn refresh(&self, client: &str, refresh_token: &str) -> Reply {
        self.renewal(client, refresh_token).send().await
    }

    /// Builds a `client_credentials` request.
    pub fn client_credentials(&self, client: &str) -> Call {
        self.post("/token").as_client(client).param("grant_type", "client_credentials")
    }

    /// Builds a device authorization request (RFC 8628 §3.1).
    pub fn device_authorization(&self, client: &str) -> Call {
        self.post("/device_authorization").as_client(client)
    }

    /// Builds a token request with a device code (RFC 8628 §3.4).
    pub fn poll(&self, client: &str, device_code: &str) -> Call {
        let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
        let params = [("grant_type", grant_type), ("device_code", device_code)];
        self.post("/token").as_client(client).params(&params)
    }

    /// Introspects a token as a client or resource.
    pub async fn introspect(&self, token: &str, caller: &str) -> Reply {
        self.post("/introspect").as_client(caller).param("token", token).send().await
    }

    /// Whether introspection by this caller reports the token as active.
    pub async fn is_active(&self, token: &str, caller: &str) -> bool {
        self.introspect(token, caller).await.ok().json()["active"] == true
    }

    /// Revokes a token as a client.
    pub async fn revoke(&self, token: &str, client: &str) -> Reply {
        self.post("/revoke").as_client(client).param("token", token).send().await
    }

    /// Asks UserInfo with a token in the header.
    pub async fn userinfo(&self, token: &str) -> Reply {
        self.get("/userinfo").bearer(token).send().await
    }
}

impl Call {
    pub(super) fn new(server: &Running, method: Method, path: &str) -> Self {
        Self {
            server: server.clone(),
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            params: Vec::new(),
            body: None,
            certificate: None,
        }
    }

    /// Authenticates as this client or resource, with its registered method.
    ///
    /// # Panics
    /// If no such client or resource is registered.
    #[must_use]
    pub fn as_client(self, id: &str) -> Self {
        match self.server.credentials(id) {
            Credentials::None => self.param("client_id", id),
            Credentials::Basic(secret) => self.basic(id, &secret),
            Credentials::Post(secret) => self.param("client_id", id).param("client_secret", &secret),
            Credentials::Key(_) => {
                let assertion = self.server.assertion(id).sign();
                self.asserting(&assertion)
            }
        }
    }

    /// Authenticates by HTTP Basic, form-encoded as RFC 6749 §2.3.1 requires.
    #[must_use]
    pub fn basic(self, id: &str, secret: &str) -> Self {
        self.basic_raw(&format!("{}:{}", encoded(id), encoded(secret)))
    }

    /// Authenticates by HTTP Basic with this text, unencoded.
    #[must_use]
    pub fn basic_raw(self, pair: &str) -> Self {
        let value = format!("Basic {}", base64(pair.as_bytes()));
        self.header("authorization", &value)
    }

    /// Authenticates by this assertion.
    #[must_use]
    pub fn asserting(self, assertion: &str) -> Self {
        let assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        self.param("client_assertion_type", assertion_type).param("client_assertion", assertion)
    }

    /// Sends this access token in the header.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends it over a connection with this client certificate.
    #[must_use]
    pub fn certificate(mut self, certificate: &ClientCertificate) -> Self {
        self.certificate = Some(certificate.clone());
        self
    }

    /// Sends this access token with the scheme `DPoP`, and the proof.
    #[must_use]
    pub fn dpop(self, token: &str, proof: &str) -> Self {
        self.header("authorization", &format!("DPoP {token}")).header("dpop", proof)
    }

    /// Adds a header, even if there is one of this name already.
    ///
    /// # Panics
    /// If it is not a valid header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        self.headers.push((name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value")));
        self
    }

    /// Whether it has a parameter of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.params.iter().any(|(known, _)| known == name)
    }

    /// Adds a parameter, even if there is one of this name already.
    #[must_use]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds parameters.
    #[must_use]
    pub fn params(mut self, params: &[(&str, &str)]) -> Self {
        let owned = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.params.extend(owned);
        self
    }

    /// Removes a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.params.retain(|(known, _)| known != name);
        self
    }

    /// Sends this body instead of a form, with this content type, if any.
    #[must_use]
    pub fn body(mut self, content_type: Option<&str>, text: impl Into<String>) -> Self {
        self.body = Some((content_type.map(str::to_owned), text.into()));
        self
    }

    /// The request as it is sent.
    ///
    /// # Panics
    /// If the path is not valid.
    pub fn request(&self) -> Request<String> {
        let form = form_of(&self.params);
        let is_query = self.method == Method::GET || self.method == Method::HEAD;
        let separator = if self.path.contains('?') { '&' } else { '?' };
        let uri = match is_query && !form.is_empty() {
            true => format!("{}{separator}{form}", self.path),
            false => self.path.clone(),
        };
        let (content_type, body) = match &self.body {
            Some((content_type, text)) => (content_type.as_deref(), text.clone()),
            None if is_query || self.method == Method::OPTIONS => (None, String::new()),
            None => (Some("application/x-www-form-urlencoded"), form),
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri.parse().expect("a path and query");
        if let Some(content_type) = content_type {
            let value = HeaderValue::from_str(content_type).expect("a content type");
            request.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        if !self.headers.iter().any(|(name, _)| *name == header::HOST) {
            let host = self.server.issuer().split("://").nth(1).and_then(|rest| rest.split('/').next());
            let host = HeaderValue::from_str(host.expect("an issuer has a host")).expect("visible");
            request.headers_mut().insert(header::HOST, host);
        }
        if let Some(certificate) = &self.certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        for (name, value) in &self.headers {
            request.headers_mut().append(name.clone(), value.clone());
        }
        request
    }

    /// Sends it.
    pub async fn send(self) -> Reply {
        let request = self.request();
        self.server.call(request).await
    }

    /// Sends it, and asserts that it wrote nothing to the store.
    ///
    /// # Panics
    /// If something was written.
    pub async fn send_unwritten(self) -> Reply {
        self.server.clock.advance(1);
        let before = self.server.store.newest().await.expect("the store answers");
        let request = self.request();
        let reply = self.server.call(request).await;
        let after = self.server.store.newest().await.expect("the store answers");
        assert_eq!(before, after, "something was written by {} {}", self.method, self.path);
        reply
    }
}

/// Parameters as a form or query (RFC 6749 Appendix B).
pub(super) fn form_of(params: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        params.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

/// Encodes a name or value of a form: all but unreserved characters are escaped, a space is a plus sign.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Base64 with padding (RFC 4648 §4), as in HTTP Basic; jose has only base64url.
fn base64(bytes: &[u8]) -> String {
    let text = jose::base64url::encode(bytes).replace('-', "+").replace('_', "/");
    let padding = (4 - text.len() % 4) % 4;
    text + &"=".repeat(padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_escapes_special_characters() {
        let params = [("a b".to_owned(), "1+2&3=ä".to_owned())];
        assert_eq!(form_of(&params), "a+b=1%2B2%263%3D%C3%A4");
    }

    #[test]
    fn base64_is_padded() {
        assert_eq!(base64(b"a:b"), "YTpi");
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
