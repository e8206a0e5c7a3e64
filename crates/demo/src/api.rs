//! `/demo-api`: a protected API built as any API would be, with the guard of `passavant-resource`.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};
use bytes::Bytes;
use fetching::{Clock as _, Fetch, SystemClock};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE},
};
use jiff::tz::Offset;
use protocol::{Timestamp, scope};
use resource::{Dpop, Guard, GuardError, Mode, Token};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    relying_party::{RelyingPartyError, discover, endpoint, get_document},
    seeds::{API, API_PATH, SCOPE, api_identifier},
};

/// Retry-After where the server does not answer, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// The API and its metadata. Answers of the server are not cached, so that a revocation takes effect at once.
pub(crate) fn router(issuer: &str, fetch: Arc<dyn Fetch>) -> Result<Router, GuardError> {
    let guard = Guard::builder(issuer, &api_identifier(issuer))
        .introspect(API.0, API.1)
        .mode(Mode::Introspection)
        .scopes_supported(SCOPE)
        .dpop(Dpop::Accept)
        .cache(Duration::ZERO)
        .fetch(fetch.clone())
        .build()?;
    let api = Arc::new(Api { issuer: issuer.to_owned(), fetch, clock: SystemClock::default() });
    let guarded = |methods: MethodRouter<Arc<Api>>| methods.route_layer(guard.require(SCOPE));
    let routes = Router::new()
        .route(API_PATH, guarded(get(whoami)))
        .route("/demo-api/userinfo", guarded(get(userinfo).post(userinfo)))
        .route("/demo-api/time", guarded(get(time)))
        .layer(map_response(no_store))
        .with_state(api);
    Ok(routes.merge(guard.metadata()))
}

/// What the handlers need.
struct Api {
    issuer: String,
    fetch: Arc<dyn Fetch>,
    clock: SystemClock,
}

/// Whose token it is, as the guard found out.
async fn whoami(token: Token) -> Json<Value> {
    Json(json!({ "sub": token.subject(), "client_id": token.client(), "scope": token.scopes() }))
}

/// The answer of UserInfo to this token, in the form that its client registered.
async fn userinfo(State(api): State<Arc<Api>>, token: Token, headers: HeaderMap) -> Response {
    if let Err(denied) = token.require(scope::OPENID) {
        return denied.into_response();
    }
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|text| text.split_once(' ')).map_or("", |(_, token)| token.trim());
    match api.ask_userinfo(shown).await {
        Ok(answer) => relayed(answer),
        Err(error) => {
            tracing::warn!(%error, "the UserInfo of the server is unavailable");
            unavailable()
        }
    }
}

/// The time in UTC, by its parts.
async fn time(State(api): State<Arc<Api>>) -> Response {
    match Time::of(api.clock.now()) {
        Some(time) => Json(time).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Api {
    async fn ask_userinfo(&self, token: &str) -> Result<http::Response<Bytes>, RelyingPartyError> {
        let metadata = discover(&*self.fetch, &self.issuer).await?;
        let url = endpoint(metadata.userinfo_endpoint.as_deref(), "UserInfo")?;
        get_document(&*self.fetch, url, Some(token)).await
    }
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Time {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
}

impl Time {
    fn of(now: Timestamp) -> Option<Self> {
        let now = Offset::UTC.to_datetime(jiff::Timestamp::from_second(now.0).ok()?);
        Some(Self {
            year: now.year(),
            month: now.month(),
            day: now.day(),
            hour: now.hour(),
            minute: now.minute(),
            second: now.second(),
        })
    }
}

/// An answer of UserInfo, passed on. What is neither about the user nor about the token is not for the caller.
fn relayed(answer: http::Response<Bytes>) -> Response {
    if !matches!(answer.status(), StatusCode::OK | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        tracing::warn!(status = answer.status().as_u16(), "the UserInfo of the server is unavailable");
        return unavailable();
    }
    let (head, body) = answer.into_parts();
    let mut relayed = (head.status, body).into_response();
    for name in [CONTENT_TYPE, WWW_AUTHENTICATE] {
        relayed.headers_mut().remove(&name);
        relayed.headers_mut().extend(head.headers.get(&name).map(|value| (name, value.clone())));
    }
    relayed
}

fn unavailable() -> Response {
    let retry = [(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS))];
    (StatusCode::SERVICE_UNAVAILABLE, retry).into_response()
}

async fn no_store(mut answer: Response) -> Response {
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_utc_in_six_members() {
        let leap = Time { year: 2024, month: 2, day: 29, hour: 23, minute: 59, second: 58 };
        assert_eq!(Time::of(Timestamp(1_709_251_198)), Some(leap));
        assert_eq!(Time::of(Timestamp(i64::MAX)), None);
    }

    #[test]
    fn a_refusal_of_userinfo_is_passed_on_with_its_challenge_and_a_failure_is_not() {
        let answer = |status: u16| {
            let answer = http::Response::builder().status(status);
            let answer =
                answer.header(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"").header("x-own", "1");
            relayed(answer.body(Bytes::from_static(b"{}")).expect("an answer"))
        };
        let refused = answer(401);
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.headers()[WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
        assert!(!refused.headers().contains_key("x-own"));
        let failed = answer(500);
        assert_eq!((failed.status().as_u16(), &failed.headers()[RETRY_AFTER]), (503, &HeaderValue::from(5)));
    }
}
