//! A protected API with axum, configured by `PASSAVANT_*` (see `Guard::from_env`) and `LISTEN`.

use std::error::Error;

use axum::routing::get;
use axum::{Json, Router};
use passavant_resource::extract::Claims;
use passavant_resource::{Denied, Guard, Token};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let guard = Guard::from_env()?;
    let listener = TcpListener::bind(listen()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app(&guard)).await?;
    Ok(())
}

fn app(guard: &Guard) -> Router {
    let notes = Router::new()
        .route("/notes", get(read).post(write))
        .route("/me", get(me))
        .route_layer(guard.require("notes.read"));
    let anybody = Router::new().route("/hello", get(hello)).route_layer(guard.layer().optional());
    notes.merge(anybody).merge(guard.metadata())
}

async fn read(token: Token) -> String {
    format!("notes of {}", token.subject())
}

/// The layer requires `notes.read`; this handler requires more.
async fn write(token: Token) -> Result<&'static str, Denied> {
    token.require("notes.write")?;
    Ok("written")
}

#[derive(Deserialize, Serialize)]
struct Me {
    sub: String,
    department: String,
}

/// A token without these claims is refused with 401.
async fn me(Claims(me): Claims<Me>) -> Json<Me> {
    Json(me)
}

async fn hello(token: Option<Token>) -> String {
    format!("hello {}", token.as_ref().map_or("nobody", Token::subject))
}

#[expect(clippy::disallowed_methods, reason = "LISTEN is this example's one own setting")]
fn listen() -> String {
    std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:4100".to_owned())
}
