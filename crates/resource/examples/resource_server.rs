//! A protected API, configured only by the environment: `PASSAVANT_*` (see `Guard::from_env`) and `LISTEN`.
//!
//! `/api/time` returns the time. `/api/userinfo` is a UserInfo endpoint if `PASSAVANT_USERINFO_FILE` names a JSON file
//! of claims, such as `{"u-1": {"name": "Alice", "name#ja": "アリス"}}`. Every other path returns the claims of the
//! token. Try it against `passavant serve --dev`:
//!
//! ```text
//! PASSAVANT_ISSUER=http://localhost:4000 PASSAVANT_AUDIENCE=http://localhost:4000/demo-api \
//!     cargo run -p passavant-resource --features axum,client --example resource_server
//! ```

use std::collections::HashMap;
use std::error::Error;

use async_trait::async_trait;
use axum::routing::get;
use axum::{Json, Router};
use jiff::tz::TimeZone;
use passavant_resource::userinfo::{ClaimName, ClaimsProvider, ProviderFault};
use passavant_resource::{Clock as _, Guard, SystemClock, Token};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

/// The default of `LISTEN`.
const LISTEN: &str = "127.0.0.1:4100";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let guard = Guard::from_env()?;
    let users = match setting("PASSAVANT_USERINFO_FILE") {
        Some(path) => Some(Users(serde_json::from_slice(&std::fs::read(path)?)?)),
        None => None,
    };
    let listener = TcpListener::bind(setting("LISTEN").as_deref().unwrap_or(LISTEN)).await?;
    eprintln!("{guard:?} listens on http://{}", listener.local_addr()?);
    axum::serve(listener, app(&guard, users)).await?;
    Ok(())
}

/// All routes are guarded except for the metadata; UserInfo has its own guard, which requires `openid`.
fn app(guard: &Guard, users: Option<Users>) -> Router {
    let app = Router::new().route("/api/time", get(time)).fallback(whoami).layer(guard.layer());
    let app = app.merge(guard.metadata());
    match users {
        Some(users) => app.route_service("/api/userinfo", guard.userinfo_endpoint(users)),
        None => app,
    }
}

async fn whoami(token: Token) -> Json<Value> {
    let subject = Some(token.subject()).filter(|subject| !subject.is_empty());
    Json(json!({ "sub": subject, "client_id": token.client(), "scope": token.scopes() }))
}

/// The time of day in UTC.
async fn time() -> Json<Value> {
    let now = jiff::Timestamp::from_second(SystemClock::default().now().0).unwrap_or_default();
    let now = now.to_zoned(TimeZone::UTC);
    Json(json!({
        "year": now.year(), "month": now.month(), "day": now.day(),
        "hour": now.hour(), "minute": now.minute(), "second": now.second()
    }))
}

/// The claims of each user, by `sub`.
struct Users(HashMap<String, Map<String, Value>>);

#[async_trait]
impl ClaimsProvider for Users {
    async fn claims(
        &self,
        subject: &str,
        wanted: &[ClaimName<'_>],
    ) -> Result<Option<Map<String, Value>>, ProviderFault> {
        let Some(claims) = self.0.get(subject) else { return Ok(None) };
        let names = wanted.iter().map(ToString::to_string);
        Ok(Some(names.filter_map(|name| claims.get(&name).cloned().map(|value| (name, value))).collect()))
    }
}

/// An empty variable counts as absent.
#[expect(clippy::disallowed_methods, reason = "these are the example's own settings")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
