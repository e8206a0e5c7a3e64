//! `/demo-app`: a server-rendered client, as a site that lets people sign in by OpenID Connect.

mod error;
mod visits;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use fetching::{Clock as _, Fetch, SystemClock};
use http::{
    HeaderMap, HeaderValue, StatusCode, header,
    request::Parts,
    uri::{Authority, PathAndQuery},
};
use jose::primitives::constant_time_eq;
use protocol::{Params, fields, uri};
use serde_json::{Map, Value};

use self::{
    error::AppError,
    visits::{SignedIn, Visit, Visits},
};
use crate::{
    pages::{NO_FORMS, ProblemPage, ShownAnswer, ShownClaim, SignedInPage, SignedOutPage, page},
    relying_party::{AuthorizationResponse, Registration, RelyingParty, SignIn, Tokens, draw, get_document},
    seeds::{API_PATH, WEB, WEB_SCOPES, app_origin, post_logout_redirect_uri},
};

/// Longest form, in bytes.
const FORM_BYTES_MAX: usize = 4 * 1024;

/// The demo app, with what it remembers of its visitors.
pub(crate) struct App {
    issuer: String,
    origin: String,
    port: u16,
    fetch: Arc<dyn Fetch>,
    visits: Visits,
    clock: SystemClock,
}

impl App {
    pub(crate) fn new(issuer: &str, port: u16, fetch: Arc<dyn Fetch>) -> Self {
        let (visits, clock) = (Visits::default(), SystemClock::default());
        Self { issuer: issuer.to_owned(), origin: app_origin(port), port, fetch, visits, clock }
    }

    /// The app as a client of the server, which it looks for anew with each request.
    async fn relying_party(&self) -> Result<RelyingParty, AppError> {
        Ok(RelyingParty::discover(self.fetch.clone(), &self.issuer, Registration::public(WEB)).await?)
    }
}

/// The routes of the app. A browser at another host than 127.0.0.1 is sent there.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/demo-app", get(show))
        .route("/demo-app/callback", get(callback))
        .route("/demo-app/refresh", post(refresh))
        .route("/demo-app/sign-out", post(sign_out))
        .route("/demo-app/signed-out", get(signed_out))
        .with_state(Arc::new(app))
}

/// Shows who is signed in, or starts a sign-in.
async fn show(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    if let Some(moved) = app.elsewhere(&head) {
        return moved;
    }
    let answer = match app.visit(&head.headers) {
        Some((_, Visit::SignedIn(signed_in))) => app.signed_in_page(&signed_in).await,
        Some((_, Visit::Pending(_))) | None => app.begin().await,
    };
    answer.unwrap_or_else(|error| app.problem(&error))
}

/// The answer to the authorization request (RFC 6749 §4.1.2).
async fn callback(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    if let Some(moved) = app.elsewhere(&head) {
        return moved;
    }
    app.complete(&head).await.unwrap_or_else(|error| app.problem(&error))
}

async fn refresh(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    app.refresh(&head, body).await.unwrap_or_else(|error| app.problem(&error))
}

async fn sign_out(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    app.sign_out(&head, body).await.unwrap_or_else(|error| app.problem(&error))
}

async fn signed_out(State(app): State<Arc<App>>) -> Response {
    let front = format!("{}/", app.issuer);
    page(StatusCode::OK, &SignedOutPage { front: &front }, NO_FORMS)
}

impl App {
    /// Sends the browser to the authorization endpoint, and remembers what the response must fit.
    async fn begin(&self) -> Result<Response, AppError> {
        let sign_in = SignIn::new(format!("{}/demo-app/callback", self.origin));
        let location = self.relying_party().await?.authorization_url(&sign_in, Some(WEB_SCOPES), &[])?;
        let cookie = draw();
        self.visits.keep(&cookie, Visit::Pending(Arc::new(sign_in)), self.clock.now());
        self.go(&location, Some(&cookie))
    }

    async fn complete(&self, head: &Parts) -> Result<Response, AppError> {
        let response = AuthorizationResponse::parse(head.uri.query().unwrap_or_default());
        let response = response.ok_or(AppError::own("invalid_answer", "The answer can't be read"))?;
        let (before, sign_in) = match self.visit(&head.headers) {
            Some((cookie, Visit::Pending(sign_in))) => (cookie, sign_in),
            // The person went back in the history of the browser, or was sent here again.
            Some((_, Visit::SignedIn(_))) => return self.go("/demo-app", None),
            None => return Err(AppError::own("sign_in_unknown", "No sign-in was begun in this browser")),
        };
        // The first response that fits ends the attempt, whatever it says.
        if sign_in.is_answered_by(&response) && !self.visits.forget(&before) {
            return self.go("/demo-app", None);
        }
        let client = self.relying_party().await?;
        let code = client.code(&sign_in, &response)?;
        let tokens = client.redeem(&sign_in, &code).await?;
        let id_token =
            tokens.id_token.clone().ok_or(AppError::own("id_token_missing", "There is no ID token"))?;
        let now = self.clock.now();
        let claims = client.verify_id_token(&id_token, &tokens, Some(sign_in.nonce()), now).await?;
        let signed_in = SignedIn {
            until: tokens.expires_at(now),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            scope: tokens.scope.unwrap_or_else(|| WEB_SCOPES.to_owned()),
            id_token,
            claims,
            refreshed: 0,
            csrf: draw(),
        };
        // A new cookie: one that was planted before the sign-in is worth nothing after it.
        let cookie = draw();
        self.visits.keep(&cookie, Visit::SignedIn(Arc::new(signed_in)), now);
        self.go("/demo-app", Some(&cookie))
    }

    async fn refresh(&self, head: &Parts, body: Body) -> Result<Response, AppError> {
        let Some((cookie, before)) = self.submitted(head, body).await? else {
            return self.go("/demo-app", None);
        };
        let refresh_token = before.refresh_token.as_deref();
        let refresh_token = refresh_token.ok_or(AppError::own("refresh_token_missing", "There is none"))?;
        let client = self.relying_party().await?;
        let tokens = client.refresh(refresh_token).await?;
        let now = self.clock.now();
        let (id_token, claims) = match &tokens.id_token {
            Some(id_token) => (id_token.clone(), self.refreshed_claims(&client, id_token, &tokens).await?),
            None => (before.id_token.clone(), before.claims.clone()),
        };
        // A new ID token is about the same user (OpenID Connect Core 1.0 §12.2).
        if claims.get("sub") != before.claims.get("sub") {
            return Err(AppError::own("id_token_invalid", "The new ID token is about somebody else"));
        }
        let after = SignedIn {
            until: tokens.expires_at(now),
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

    async fn refreshed_claims(
        &self,
        client: &RelyingParty,
        id_token: &str,
        tokens: &Tokens,
    ) -> Result<Map<String, Value>, AppError> {
        Ok(client.verify_id_token(id_token, tokens, None, self.clock.now()).await?)
    }

    /// Forgets the tokens here, revokes them there, and ends the session at the server (OpenID Connect RP-Initiated
    /// Logout 1.0 §2).
    async fn sign_out(&self, head: &Parts, body: Body) -> Result<Response, AppError> {
        let Some((cookie, signed_in)) = self.submitted(head, body).await? else {
            return self.go("/demo-app/signed-out", None);
        };
        self.visits.forget(&cookie);
        let client = self.relying_party().await?;
        if let Some(refresh_token) = &signed_in.refresh_token {
            client.revoke(refresh_token).await?;
        }
        self.go(&client.sign_out_url(&signed_in.id_token, &post_logout_redirect_uri(self.port))?, Some(""))
    }

    /// The visit whose form this is; `None` where nobody is signed in anymore.
    async fn submitted(&self, head: &Parts, body: Body) -> Result<Option<(String, Arc<SignedIn>)>, AppError> {
        let Some((cookie, Visit::SignedIn(signed_in))) = self.visit(&head.headers) else { return Ok(None) };
        let body = to_bytes(body, FORM_BYTES_MAX).await;
        let body = body.map_err(|error| AppError::own("invalid_form", error))?;
        let params = Params::parse(&body).map_err(|error| AppError::own("invalid_form", error))?;
        let sent = params.get("csrf").unwrap_or_default();
        let is_own = constant_time_eq(sent.as_bytes(), signed_in.csrf.as_bytes());
        if is_own && self.is_same_site(&head.headers) {
            return Ok(Some((cookie, signed_in)));
        }
        Err(AppError::forbidden("form_cross_site", "This form did not come from here"))
    }

    fn is_same_site(&self, headers: &HeaderMap) -> bool {
        let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
        match (header("sec-fetch-site"), header(header::ORIGIN.as_str())) {
            (Some(site), _) => site == b"same-origin",
            (None, Some(origin)) => uri::origin(&self.origin).is_some_and(|own| own.as_bytes() == origin),
            (None, None) => true,
        }
    }

    async fn signed_in_page(&self, signed_in: &SignedIn) -> Result<Response, AppError> {
        let url = format!("{}{API_PATH}/time", self.issuer);
        let time = get_document(&*self.fetch, &url, Some(&signed_in.access_token)).await?;
        let text = match time.body().is_empty() {
            true => challenge(time.headers()),
            false => String::from_utf8_lossy(time.body()).into_owned(),
        };
        let shown = SignedInPage {
            client: WEB,
            issuer: &self.issuer,
            name: signed_in.claims.get("name").and_then(Value::as_str),
            email: signed_in.claims.get("email").and_then(Value::as_str),
            claims: signed_in.claims.iter().map(|(name, value)| shown(name, value)).collect(),
            time: ShownAnswer { status: time.status().to_string(), text },
            scope: &signed_in.scope,
            until: signed_in.until.and_then(|until| in_words(until.0)),
            refreshed: signed_in.refreshed,
            refreshable: signed_in.refresh_token.is_some(),
            csrf: &signed_in.csrf,
        };
        // Signing out redirects to the server, and browsers apply the policy to each redirect.
        let forms = format!("'self' {}", self.issuer);
        Ok(page(StatusCode::OK, &shown, &forms))
    }

    fn problem(&self, error: &AppError) -> Response {
        tracing::debug!(error = error.error, description = error.description, "the demo app stopped");
        let shown = ProblemPage { error: &error.error, description: &error.description };
        page(error.status, &shown, NO_FORMS)
    }

    /// A browser that came to another host than the app's has none of its cookies there.
    fn elsewhere(&self, head: &Parts) -> Option<Response> {
        let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| head.uri.authority().map(Authority::as_str)).unwrap_or_default();
        if uri::origin(&format!("http://{host}")) == uri::origin(&self.origin) {
            return None;
        }
        let path = head.uri.path_and_query().map_or("/demo-app", PathAndQuery::as_str);
        Some(self.go(&format!("{}{path}", self.origin), None).unwrap_or_else(|error| self.problem(&error)))
    }

    /// The visit of this browser, and its cookie.
    fn visit(&self, headers: &HeaderMap) -> Option<(String, Visit)> {
        let name = self.cookie_name();
        let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        let now = self.clock.now();
        let mut ours = fields::cookies(lines).filter(|(known, _)| *known == name).map(|(_, value)| value);
        ours.find_map(|cookie| Some((cookie.to_owned(), self.visits.find(cookie, now)?)))
    }

    /// Browsers send a cookie to every port of its host: the name keeps two servers apart.
    fn cookie_name(&self) -> String {
        format!("demo_app_{}", self.port)
    }

    /// A redirect, with a new cookie where there is one; an empty one ends it.
    fn go(&self, location: &str, cookie: Option<&str>) -> Result<Response, AppError> {
        let invalid = |_| AppError::upstream("invalid_address", "The server named an invalid address");
        let mut answer = StatusCode::SEE_OTHER.into_response();
        let headers = answer.headers_mut();
        headers.insert(header::LOCATION, HeaderValue::from_str(location).map_err(invalid)?);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Some(cookie) = cookie {
            // Deleting the cookie would let Chromium restore this page by its Back button; writing it anew does not.
            let seconds = if cookie.is_empty() { 1 } else { visits::VISIT_SECONDS_MAX };
            let attributes = "Path=/demo-app; HttpOnly; SameSite=Lax";
            let cookie = format!("{}={cookie}; {attributes}; Max-Age={seconds}", self.cookie_name());
            headers.append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(invalid)?);
        }
        Ok(answer)
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

/// The challenge of an answer without a body.
fn challenge(headers: &HeaderMap) -> String {
    let value = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    value.map(|value| format!("WWW-Authenticate: {value}")).unwrap_or_default()
}
