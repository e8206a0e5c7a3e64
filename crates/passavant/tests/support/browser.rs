//! A peer of the server: a client at its endpoints, and a browser without scripts that fills the forms.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use reqwest::redirect::Policy;
use serde_json::Value;

use crate::installation::ISSUER;

/// A verifier and the challenge made of it (RFC 7636 Appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Pages that a sign-in takes at most.
const PAGES_MAX: usize = 8;

/// An answer: its status, headers and body.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: String,
}

impl Answer {
    /// A member of the body; `Null` where there is none.
    pub(crate) fn member(&self, name: &str) -> Value {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body.get(name).cloned().unwrap_or_default()
    }
}

/// Speaks to the server at one address, as `ISSUER`. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Peer {
    http: reqwest::Client,
    address: String,
}

impl Peer {
    /// Speaks to the server there.
    pub(crate) fn of(address: &str) -> Self {
        let builder = reqwest::Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(20));
        Self { http: builder.no_proxy().build().expect("a client"), address: address.to_owned() }
    }

    /// Posts a form, authenticated by HTTP Basic where credentials are given.
    pub(crate) async fn post(
        &self,
        path: &str,
        credentials: Option<(&str, &str)>,
        form: &[(&str, &str)],
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.post(self.url(path)).body(encode(form));
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((id, secret)) = credentials {
            let pair = STANDARD.encode(format!("{id}:{secret}"));
            request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
        }
        self.send(request).await
    }

    /// A token by client_credentials.
    pub(crate) async fn client_credentials(&self, client: (&str, &str)) -> Result<Answer, reqwest::Error> {
        self.post("/token", Some(client), &[("grant_type", "client_credentials")]).await
    }

    /// The tokens of a code.
    pub(crate) async fn redeem(
        &self,
        client: (&str, &str),
        redirect_uri: &str,
        code: &str,
    ) -> Result<Answer, reqwest::Error> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.post("/token", Some(client), &form).await
    }

    /// Whether a token is active, as this caller sees it.
    pub(crate) async fn is_active(&self, caller: (&str, &str), token: &str) -> Result<bool, reqwest::Error> {
        let answer = self.post("/introspect", Some(caller), &[("token", token)]).await?;
        assert_eq!(answer.status, 200, "{answer:?}");
        Ok(answer.member("active") == true)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let host = ISSUER.trim_start_matches("http://");
        let answer = request.header(header::HOST, host).send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(Answer { status, headers, body: answer.text().await? })
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// A browser: cookies, redirects, and forms that are filled by their contract.
pub(crate) struct Browser {
    /// Where the server is: elsewhere after its restart.
    pub(crate) peer: Peer,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// A browser without cookies.
    pub(crate) fn new(peer: &Peer) -> Self {
        Self { peer: peer.clone(), cookies: BTreeMap::new() }
    }

    /// Asks for a code, signs in and consents where it is asked to. `None` where the user is not let in.
    pub(crate) async fn code(
        &mut self,
        client_id: &str,
        redirect_uri: &str,
        (username, password): (&str, &str),
    ) -> Result<Option<String>, reqwest::Error> {
        let query = encode(&[
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("scope", "openid notes.read"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let mut path = format!("/authorize?{query}");
        let mut answer = self.visit(&path, None).await?;
        for _ in 0..PAGES_MAX {
            if let Some(location) = answer.headers.get(header::LOCATION) {
                let location = location.to_str().expect("ASCII");
                if location.starts_with(redirect_uri) {
                    return Ok(code_of(location));
                }
                path = location.strip_prefix(ISSUER).expect("a page of the server").to_owned();
                answer = self.visit(&path, None).await?;
                continue;
            }
            let csrf = hidden(&answer.body, "csrf");
            let account = hidden(&answer.body, "account");
            let form = if answer.body.contains("id=\"login\"") && answer.status == 200 {
                vec![("csrf", csrf.as_str()), ("username", username), ("password", password)]
            } else if answer.body.contains("id=\"allow\"") {
                vec![("csrf", csrf.as_str()), ("account", account.as_str()), ("decision", "allow")]
            } else {
                return Ok(None);
            };
            answer = self.visit(&path, Some(&form)).await?;
        }
        panic!("no end of pages: {answer:?}");
    }

    pub(crate) async fn visit(
        &mut self,
        path: &str,
        form: Option<&[(&str, &str)]>,
    ) -> Result<Answer, reqwest::Error> {
        let url = self.peer.url(path);
        let mut request = match form {
            None => self.peer.http.get(url),
            Some(form) => self
                .peer
                .http
                .post(url)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ORIGIN, ISSUER)
                .body(encode(form)),
        };
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let answer = self.peer.send(request).await?;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().expect("ASCII").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }
}

fn encode(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

fn code_of(location: &str) -> Option<String> {
    let query = location.split_once('?')?.1;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
}

/// The value of a hidden field; empty where there is none.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let field = page.split("<input").find(|field| field.contains(&format!("name=\"{name}\"")));
    let value =
        field.and_then(|field| field.split_once("value=\"")).and_then(|(_, rest)| rest.split_once('"'));
    value.map(|(value, _)| value.to_owned()).unwrap_or_default()
}
