//! An authorization request of a browser, and where it ends.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use http::Method;
use protocol::CodeChallenge;
use server::{Ask, Reason};

use super::{Browser, Call, Reply, Running, browser::Visit, reply::split_url};

/// Builds an authorization request: by default for `openid`, with PKCE, `state` and `nonce`.
#[derive(Clone, Debug)]
pub struct Authorize {
    browser: Browser,
    client: String,
    params: Vec<(String, String)>,
    verifier: String,
    method: Method,
    /// What the browser carries instead of the parameters.
    reference: Option<(String, String)>,
}

impl Running {
    /// Builds the token request for a code, by its client and with its verifier.
    pub fn redemption(&self, code: &Code) -> Call {
        self.post("/token").as_client(&code.client).params(&[
            ("grant_type", "authorization_code"),
            ("code", &code.code),
            ("redirect_uri", &code.redirect_uri),
            ("code_verifier", &code.verifier),
        ])
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &Code) -> Reply {
        self.redemption(code).send().await
    }
}

impl Authorize {
    pub(super) fn new(browser: &Browser, client: &str) -> Self {
        let verifier = fresh("verifier");
        let challenge = CodeChallenge::of(&verifier);
        let request = Self {
            browser: browser.clone(),
            client: client.to_owned(),
            params: Vec::new(),
            verifier,
            method: Method::GET,
            reference: None,
        };
        let redirect_uri = browser.server().redirect_uri(client).unwrap_or_default();
        request
            .param("response_type", "code")
            .param("client_id", client)
            .param("redirect_uri", &redirect_uri)
            .param("scope", "openid")
            .param("state", &fresh("state"))
            .param("nonce", &fresh("nonce"))
            .param("code_challenge", challenge.as_str())
            .param("code_challenge_method", "S256")
    }

    /// Sets the scope.
    #[must_use]
    pub fn scope(self, scope: &str) -> Self {
        self.param("scope", scope)
    }

    /// Sets or replaces a parameter.
    #[must_use]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        match self.params.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.params.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Adds a parameter, even if there is one of this name already.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.params.retain(|(known, _)| known != name);
        self
    }

    /// Removes the PKCE parameters.
    #[must_use]
    pub fn without_pkce(self) -> Self {
        self.without("code_challenge").without("code_challenge_method")
    }

    /// Sends it as a cross-site form.
    #[must_use]
    pub fn post(mut self) -> Self {
        self.method = Method::POST;
        self
    }

    /// The request of its client that pushes it (RFC 9126 §2.1).
    pub fn pushing(&self) -> Call {
        let params: Vec<_> =
            self.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let authenticated = self.browser.server().post("/par").as_client(&self.client);
        let is_sent = |name: &str| authenticated.has(name);
        let params: Vec<_> = params.into_iter().filter(|(name, _)| !is_sent(name)).collect();
        authenticated.params(&params)
    }

    /// Pushes it, and leaves the reference for the browser.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn push(self) -> Self {
        let reply = self.pushing().send().await;
        assert_eq!(reply.status(), 201, "{reply:?}");
        let request_uri = reply.member("request_uri");
        self.refer("request_uri", &request_uri)
    }

    /// The browser carries this parameter, and the id of the client, instead of the parameters.
    #[must_use]
    pub fn refer(mut self, name: &str, value: &str) -> Self {
        self.reference = Some((name.to_owned(), value.to_owned()));
        self
    }

    /// The parameters.
    pub fn sent_params(&self) -> &[(String, String)] {
        &self.params
    }

    /// Sends it without following redirects.
    pub async fn send(self) -> Reply {
        let browser = self.browser.clone();
        browser.call(&self.visit()).await
    }

    /// Sends it, and follows it to the end.
    pub async fn finish(self) -> Landing {
        let browser = self.browser.clone();
        Landing { state: self.sent("state"), ..browser.travel(self.visit(), None).await }
    }

    /// Sends it, and follows it to the page that asks for this. The user does nothing there.
    ///
    /// # Panics
    /// If it does not get there.
    pub async fn until(self, ask: Ask) -> Landing {
        let browser = self.browser.clone();
        let landing = browser.travel(self.visit(), Some(ask)).await;
        assert_eq!(landing.asked.last(), Some(&ask), "{landing:?}");
        landing
    }

    /// Sends it, follows it to the end, and takes the code that the client gets.
    ///
    /// # Panics
    /// If it gets none.
    pub async fn code(self) -> Code {
        let landing = self.clone().finish().await;
        self.code_of(&landing)
    }

    /// Sends it, follows it to the end, and redeems the code that the client gets.
    ///
    /// # Panics
    /// If it gets none, or no tokens for it.
    pub async fn tokens(self) -> Reply {
        let server = self.browser.server().clone();
        let code = self.code().await;
        server.redeem(&code).await.ok()
    }

    /// The code in the final URL of this request.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn code_of(&self, landing: &Landing) -> Code {
        Code {
            client: self.client.clone(),
            code: landing.param("code").unwrap_or_else(|| panic!("no code: {landing:?}")),
            verifier: self.verifier.clone(),
            redirect_uri: self.sent("redirect_uri").unwrap_or_default(),
            nonce: self.sent("nonce"),
        }
    }

    fn sent(&self, name: &str) -> Option<String> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn visit(&self) -> Visit {
        let server = self.browser.server();
        let client = || ("client_id".to_owned(), self.client.clone());
        let params = match &self.reference {
            Some(reference) => vec![client(), reference.clone()],
            None => self.params.clone(),
        };
        Visit {
            method: self.method.clone(),
            url: format!("{}/authorize", server.issuer()),
            params,
            is_cross_site: true,
        }
    }
}

/// Where a browser ended.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The URL that it shows: one of the client's, or a page of the issuer.
    pub url: String,
    /// The pages on the way.
    pub asked: Vec<Ask>,
    /// The last response; `None` if a page waits for the user.
    pub reply: Option<Reply>,
    state: Option<String>,
}

impl Landing {
    pub(crate) fn at(url: &str, asked: Vec<Ask>, reply: Option<Reply>) -> Self {
        Self { url: url.to_owned(), asked, reply, state: None }
    }

    /// The URL without its query.
    pub fn place(&self) -> String {
        split_url(&self.url).0
    }

    /// The parameters of the URL.
    pub fn params(&self) -> BTreeMap<String, String> {
        split_url(&self.url).1
    }

    /// A parameter of the URL.
    pub fn param(&self, name: &str) -> Option<String> {
        self.params().remove(name)
    }

    /// Makes sure that the request ended with this refusal: on a page, or at the client with the `state` that it
    /// sent. See [`Reply::refused`].
    ///
    /// # Panics
    /// If it did not.
    #[track_caller]
    pub fn refused(&self, reason: Reason) -> &Self {
        let reply = self.reply.as_ref().unwrap_or_else(|| panic!("a page waits: {self:?}"));
        reply.refused(reason);
        if reply.status() == 303 {
            assert_eq!(self.param("state"), self.state, "{self:?}");
        }
        self
    }
}

/// A code, and what its client needs to redeem it.
#[derive(Clone, Debug)]
pub struct Code {
    /// The client.
    pub client: String,
    /// The code itself.
    pub code: String,
    /// The PKCE code verifier.
    pub verifier: String,
    /// The redirect URI.
    pub redirect_uri: String,
    /// The `nonce` that the ID token must have.
    pub nonce: Option<String>,
}

/// A unique text of 43 characters, the minimum length of a verifier.
fn fresh(what: &str) -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    jose::base64url::encode(&jose::primitives::sha256(format!("{what} {number}").as_bytes()))
}
