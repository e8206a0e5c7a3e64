//! The management listener: liveness and readiness. Never on the public port.

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header};
use serde_json::{Value, json};
use server::{AuthorizationServer, Fault, store::KeyState};

/// `/health/live`, `/health/ready`, `/healthz`.
pub(super) fn router(server: AuthorizationServer) -> Router {
    Router::new()
        .route("/health/live", get(async || told(StatusCode::OK, &json!({ "status": "ok" }))))
        .route("/health/ready", get(ready))
        .route("/healthz", get(ready))
        .with_state(server)
}

async fn ready(State(server): State<AuthorizationServer>) -> impl IntoResponse {
    let has_keys =
        server.store().keys().await.map(|keys| keys.iter().any(|key| key.state == KeyState::Active));
    match has_keys {
        Ok(false) => {
            told(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "failed", "signing_keys": "none" }))
        }
        Ok(true) => told(StatusCode::OK, &json!({ "status": "ok", "database": "ok", "signing_keys": "ok" })),
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
