//! The management listener: liveness and readiness. Never on the public port.

use std::sync::Arc;

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header};
use serde_json::{Value, json};
use server::{AuthorizationServer, Fault, ports::Clock, store::KeyState};

use super::clock::is_held;

/// `/health/live`, `/health/ready`, `/healthz`.
pub(super) fn router(server: AuthorizationServer, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route("/health/live", get(async || told(StatusCode::OK, &json!({ "status": "ok" }))))
        .route("/health/ready", get(ready))
        .route("/healthz", get(ready))
        .with_state((server, clock))
}

/// Ready: the database answers, a key signs, and time passes.
async fn ready(State((server, clock)): State<(AuthorizationServer, Arc<dyn Clock>)>) -> impl IntoResponse {
    let has_keys =
        server.store().keys().await.map(|keys| keys.iter().any(|key| key.state == KeyState::Active));
    match has_keys {
        Ok(false) => {
            told(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "failed", "signing_keys": "none" }))
        }
        Ok(true) if is_held(&*clock) => {
            let seconds = clock.held_millis() / 1_000;
            let what = json!({ "status": "failed", "clock": "held", "held_seconds": seconds });
            told(StatusCode::SERVICE_UNAVAILABLE, &what)
        }
        Ok(true) => {
            let what = json!({ "status": "ok", "database": "ok", "signing_keys": "ok", "clock": "ok" });
            told(StatusCode::OK, &what)
        }
        Err(Fault::Busy(what)) => {
            told(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "busy", "reason": what }))
        }
        Err(Fault::Broken(error)) => {
            tracing::error!(%error, "not ready");
            told(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "failed" }))
        }
    }
}

fn told(status: StatusCode, what: &Value) -> impl IntoResponse + use<> {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(what.clone()))
}
