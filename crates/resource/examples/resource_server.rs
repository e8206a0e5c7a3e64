//! A protected API, configured by the environment alone: `PASSAVANT_*` as `Guard::from_env` reads them, and `LISTEN`.
//!
//! Every path answers with what the guard found out about the token. Try it against `passavant serve --dev`:
//!
//! ```text
//! PASSAVANT_ISSUER=http://localhost:4000 PASSAVANT_AUDIENCE=http://localhost:4000/demo-api \
//!     cargo run -p passavant-resource --features axum,client --example resource_server
//! ```

use std::error::Error;

use axum::{Json, Router};
use passavant_resource::{Guard, Token};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Where it listens unless `LISTEN` says otherwise.
const LISTEN: &str = "127.0.0.1:4100";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let guard = Guard::from_env()?;
    let listener = TcpListener::bind(listen()).await?;
    eprintln!("{guard:?} listens on http://{}", listener.local_addr()?);
    axum::serve(listener, app(&guard)).await?;
    Ok(())
}

/// Everything is behind the guard but what the API says of itself.
fn app(guard: &Guard) -> Router {
    Router::new().fallback(whoami).layer(guard.layer()).merge(guard.metadata())
}

async fn whoami(token: Token) -> Json<Value> {
    let subject = Some(token.subject()).filter(|subject| !subject.is_empty());
    Json(json!({ "sub": subject, "client_id": token.client(), "scope": token.scopes() }))
}

#[expect(clippy::disallowed_methods, reason = "LISTEN is this example's one own setting")]
fn listen() -> String {
    std::env::var("LISTEN").unwrap_or_else(|_| LISTEN.to_owned())
}
