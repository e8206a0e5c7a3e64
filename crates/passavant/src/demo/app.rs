//! `/demo-app`: a server-rendered client, as a site would be one that lets people sign in by OpenID Connect.

mod id_token;
mod provider;
mod visits;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{
    HeaderMap, HeaderValue, StatusCode, header,
    request::Parts,
    uri::{Authority, PathAndQuery},
};
use jose::primitives::constant_time_eq;
use protocol::{Issuer, Params, uri};
use serde_json::Value;
use server::ports::{Clock, Entropy};

use super::{
    API_PATH, app_origin,
    loopback::Loopback,
    pages::{NO_FORMS, ProblemPage, ShownAnswer, ShownClaim, SignedInPage, SignedOutPage, page},
};
use crate::{dev, wiring::Installation};
use provider::{Problem, Provider, Tokens};
use visits::{Pending, SignedIn, Visit, Visits};

/// Longest form, in bytes.
const FORM_BYTES_MAX: usize = 4 * 1024;

/// The client, with what it remembers of its visitors.
pub(super) struct App {
    provider: Provider,
    origin: String,
    port: u16,
    visits: Visits,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl App {
    pub(super) fn new(issuer: Issuer, port: u16, http: Arc<Loopback>, installation: &Installation) -> Self {
        Self {
            provider: Provider::new(issuer, port, http),
            origin: app_origin(port),
            port,
            visits: Visits::default(),
            clock: installation.clock.clone(),
            entropy: installation.entropy.clone(),
        }
    }
}

/// The client at its paths, whatever host they are asked at: all but 127.0.0.1 are sent there.
pub(super) fn router(app: App) -> Router {
    Router::new()
        .route("/demo-app", get(show))
        .route("/demo-app/callback", get(callback))
        .route("/demo-app/refresh", post(refresh))
        .route("/demo-app/sign-out", post(sign_out))
        .route("/demo-app/signed-out", get(signed_out))
        .with_state(Arc::new(app))
}

/// Who is signed in; and where nobody is, signing in begins.
async fn show(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    if let Some(moved) = app.elsewhere(&head) {
        return moved;
    }
    let answer = match app.visit(&head.headers) {
        Some((_, Visit::SignedIn(signed_in))) => app.signed_in_page(&signed_in).await,
        Some((_, Visit::Pending(_))) | None => app.begin().await,
    };
    answer.unwrap_or_else(|problem| app.problem(&problem))
}

/// The answer to the authorization request (RFC 6749 §4.1.2).
async fn callback(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    if let Some(moved) = app.elsewhere(&head) {
        return moved;
    }
    app.complete(&head).await.unwrap_or_else(|problem| app.problem(&problem))
}

async fn refresh(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    app.refresh(&head, body).await.unwrap_or_else(|problem| app.problem(&problem))
}

async fn sign_out(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    app.sign_out(&head, body).await.unwrap_or_else(|problem| app.problem(&problem))
}

async fn signed_out(State(app): State<Arc<App>>) -> Response {
    let front = format!("{}/", app.provider.issuer());
    page(StatusCode::OK, &SignedOutPage { front: &front }, NO_FORMS)
}

impl App {
    /// Sends the browser to the authorization endpoint, and remembers what the answer must bring.
    async fn begin(&self) -> Result<Response, Problem> {
        let metadata = self.provider.metadata().await?;
        let pending = Pending { state: self.draw(), nonce: self.draw(), verifier: self.draw() };
        let location = self.provider.authorization_url(&metadata, &pending);
        let cookie = self.draw();
        self.visits.keep(&cookie, Visit::Pending(Arc::new(pending)), self.clock.now());
        self.go(&location, Some(&cookie))
    }

    async fn complete(&self, head: &Parts) -> Result<Response, Problem> {
        let params = Params::parse(head.uri.query().unwrap_or_default().as_bytes());
        let params = params.map_err(|error| Problem::own("invalid_answer", error))?;
        let (before, pending) = match self.visit(&head.headers) {
            Some((cookie, Visit::Pending(pending))) => (cookie, pending),
            // Somebody went back in the history of the browser, or sent it here again.
            Some((_, Visit::SignedIn(_))) => return self.go("/demo-app", None),
            None => return Err(Problem::own("sign_in_unknown", "No sign-in was begun in this browser")),
        };
        let state = params.get("state").unwrap_or_default();
        if !constant_time_eq(state.as_bytes(), pending.state.as_bytes()) {
            return Err(Problem::own(
                "state_mismatch",
                "The answer is to another request than this browser's",
            ));
        }
        if !self.visits.forget(&before) {
            return self.go("/demo-app", None);
        }
        // RFC 9207 §2.4: an answer of another server is none, be it a code or an error.
        if params.get("iss") != Some(self.provider.issuer()) {
            return Err(Problem::own("issuer_mismatch", "The answer is of another server than was asked"));
        }
        if let Some(error) = params.get("error") {
            let description = params.get("error_description").unwrap_or("The server says no more");
            return Err(Problem::own(error, description));
        }
        let code = params.get("code").ok_or(Problem::own("invalid_answer", "The answer has no code"))?;
        let tokens = self.provider.redeem(code, &pending.verifier).await?;
        let id_token =
            tokens.id_token.clone().ok_or(Problem::own("id_token_missing", "There is no ID token"))?;
        let now = self.clock.now();
        let claims = self.provider.verify(&id_token, &tokens, Some(&pending.nonce), now).await?;
        let signed_in = SignedIn {
            until: tokens.until(now),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            scope: tokens.scope.unwrap_or_else(|| super::WEB_SCOPES.to_owned()),
            id_token,
            claims,
            refreshed: 0,
            csrf: self.draw(),
        };
        // A new cookie: what somebody may have planted before the sign-in is worth nothing after it.
        let cookie = self.draw();
        self.visits.keep(&cookie, Visit::SignedIn(Arc::new(signed_in)), now);
        self.go("/demo-app", Some(&cookie))
    }

    async fn refresh(&self, head: &Parts, body: Body) -> Result<Response, Problem> {
        let Some((cookie, before)) = self.submitted(head, body).await? else {
            return self.go("/demo-app", None);
        };
        let refresh_token = before.refresh_token.as_deref();
        let refresh_token = refresh_token.ok_or(Problem::own("refresh_token_missing", "There is none"))?;
        let tokens = self.provider.refresh(refresh_token).await?;
        let now = self.clock.now();
        let (id_token, claims) = match &tokens.id_token {
            Some(id_token) => (id_token.clone(), self.refreshed_claims(id_token, &tokens, &before).await?),
            None => (before.id_token.clone(), before.claims.clone()),
        };
        let after = SignedIn {
            until: tokens.until(now),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token.or_else(|| before.refresh_token.clone()),
            scope: tokens.scope.unwrap_or_else(|| before.scope.clone()),
            id_token,
            claims,
            refreshed: before.refreshed + 1,
            csrf: before.csrf.clone(),
        };
        self.visits.keep(&cookie, Visit::SignedIn(Arc::new(after)), now);
        self.go("/demo-app", None)
    }

    /// A new ID token is about the same user (OpenID Connect Core 1.0 §12.2).
    async fn refreshed_claims(
        &self,
        id_token: &str,
        tokens: &Tokens,
        before: &SignedIn,
    ) -> Result<serde_json::Map<String, Value>, Problem> {
        let claims = self.provider.verify(id_token, tokens, None, self.clock.now()).await?;
        if claims.get("sub") != before.claims.get("sub") {
            return Err(Problem::own("id_token_invalid", "The new ID token is about somebody else"));
        }
        Ok(claims)
    }

    /// Forgets the tokens here, revokes them there, and ends the session at the server (OpenID Connect RP-Initiated
    /// Logout 1.0 §2).
    async fn sign_out(&self, head: &Parts, body: Body) -> Result<Response, Problem> {
        let Some((cookie, signed_in)) = self.submitted(head, body).await? else {
            return self.go("/demo-app/signed-out", None);
        };
        self.visits.forget(&cookie);
        let metadata = self.provider.metadata().await?;
        if let Some(refresh_token) = &signed_in.refresh_token {
            self.provider.revoke(&metadata, refresh_token).await?;
        }
        self.go(&self.provider.sign_out_url(&metadata, &signed_in.id_token), Some(""))
    }

    /// The visit whose form this is; nothing where nobody is signed in any more.
    async fn submitted(&self, head: &Parts, body: Body) -> Result<Option<(String, Arc<SignedIn>)>, Problem> {
        let Some((cookie, Visit::SignedIn(signed_in))) = self.visit(&head.headers) else { return Ok(None) };
        let body = to_bytes(body, FORM_BYTES_MAX).await;
        let body = body.map_err(|error| Problem::own("invalid_form", error))?;
        let params = Params::parse(&body).map_err(|error| Problem::own("invalid_form", error))?;
        let sent = params.get("csrf").unwrap_or_default();
        let is_own = constant_time_eq(sent.as_bytes(), signed_in.csrf.as_bytes());
        if is_own && self.is_same_site(&head.headers) {
            return Ok(Some((cookie, signed_in)));
        }
        Err(Problem::forbidden("cross_site_form", "This form did not come from here"))
    }

    fn is_same_site(&self, headers: &HeaderMap) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (header("sec-fetch-site"), header(header::ORIGIN.as_str())) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => Some(origin) == uri::origin(&self.origin).as_deref(),
            (None, None) => true,
        }
    }

    async fn signed_in_page(&self, signed_in: &SignedIn) -> Result<Response, Problem> {
        let time = self.provider.call(&format!("{API_PATH}/time"), &signed_in.access_token).await?;
        let text = match time.body().is_empty() {
            true => challenge(time.headers()),
            false => String::from_utf8_lossy(time.body()).into_owned(),
        };
        let shown = SignedInPage {
            client: dev::WEB,
            issuer: self.provider.issuer(),
            claims: signed_in.claims.iter().map(|(name, value)| shown(name, value)).collect(),
            time: ShownAnswer { status: time.status().to_string(), text },
            scope: &signed_in.scope,
            until: signed_in.until.and_then(|until| in_words(until.0)),
            refreshed: signed_in.refreshed,
            refreshable: signed_in.refresh_token.is_some(),
            csrf: &signed_in.csrf,
        };
        // Signing out goes on to the server, and a policy is asked about every hop.
        let forms = format!("'self' {}", self.provider.issuer());
        Ok(page(StatusCode::OK, &shown, &forms))
    }

    fn problem(&self, problem: &Problem) -> Response {
        tracing::debug!(error = problem.error, description = problem.description, "the demo app stopped");
        let shown = ProblemPage { error: &problem.error, description: &problem.description };
        page(problem.status, &shown, NO_FORMS)
    }

    /// Whoever came to another host than this client's has none of its cookies there.
    fn elsewhere(&self, head: &Parts) -> Option<Response> {
        let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| head.uri.authority().map(Authority::as_str)).unwrap_or_default();
        if uri::origin(&format!("http://{host}")) == uri::origin(&self.origin) {
            return None;
        }
        let path = head.uri.path_and_query().map_or("/demo-app", PathAndQuery::as_str);
        Some(
            self.go(&format!("{}{path}", self.origin), None).unwrap_or_else(|problem| self.problem(&problem)),
        )
    }

    /// The visit of this browser, and its cookie.
    fn visit(&self, headers: &HeaderMap) -> Option<(String, Visit)> {
        let name = self.cookie_name();
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let cookie = pairs.find(|(known, _)| *known == name).map(|(_, value)| value)?;
        Some((cookie.to_owned(), self.visits.find(cookie, self.clock.now())?))
    }

    /// Browsers send a cookie to every port of its host: the name keeps two servers apart.
    fn cookie_name(&self) -> String {
        format!("demo_app_{}", self.port)
    }

    /// A redirect, with a new cookie where there is one; an empty one ends it.
    fn go(&self, location: &str, cookie: Option<&str>) -> Result<Response, Problem> {
        let invalid = |_| Problem::upstream("invalid_address", "The server named an address that is none");
        let mut answer = StatusCode::SEE_OTHER.into_response();
        let headers = answer.headers_mut();
        headers.insert(header::LOCATION, HeaderValue::from_str(location).map_err(invalid)?);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Some(cookie) = cookie {
            // Chromium keeps pages for its Back button over a deletion, but not over a cookie that is written anew.
            let seconds = if cookie.is_empty() { 1 } else { visits::VISIT_SECONDS_MAX };
            let attributes = "Path=/demo-app; HttpOnly; SameSite=Lax";
            let cookie = format!("{}={cookie}; {attributes}; Max-Age={seconds}", self.cookie_name());
            headers.append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(invalid)?);
        }
        Ok(answer)
    }

    /// 256 bits of chance, as text.
    fn draw(&self) -> String {
        let mut chance = [0; 32];
        self.entropy.fill(&mut chance);
        jose::base64url::encode(&chance)
    }
}

fn shown(name: &str, value: &Value) -> ShownClaim {
    let is_time = matches!(name, "exp" | "iat" | "auth_time" | "nbf");
    ShownClaim {
        name: name.to_owned(),
        value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        note: value.as_i64().filter(|_| is_time).and_then(in_words),
    }
}

fn in_words(seconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// What an answer without a body says.
fn challenge(headers: &HeaderMap) -> String {
    let value = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    value.map(|value| format!("WWW-Authenticate: {value}")).unwrap_or_default()
}
