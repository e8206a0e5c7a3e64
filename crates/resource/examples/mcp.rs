//! A server of the Model Context Protocol (with `rmcp`) whose tools need scopes, configured by `PASSAVANT_*` (see
//! `Guard::from_env`) and `LISTEN`. The audience is its URL: `http://127.0.0.1:4100/mcp`.
//!
//! Tools need `notes.read`, and `delete_note` needs `notes.write`: clients are told where to sign in and which scopes
//! to request.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use http::request::Parts;
use passavant_resource::{Guard, Token};
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{tool, tool_router};
use serde::Deserialize;
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

/// There are no sessions: each request has its own token, so that no user can take over the session of another.
fn app(guard: &Guard) -> Router {
    let notes = Notes(Arc::new(Mutex::new(["milk", "bread"].map(str::to_owned).to_vec())));
    let config =
        StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    let server = StreamableHttpService::new(
        move || Ok(notes.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let scopes = guard.mcp().tool("delete_note", "notes.write").other_tools("notes.read");
    Router::new().route_service("/mcp", server).layer(scopes).merge(guard.metadata())
}

/// Titles of notes, the same for everybody.
#[derive(Clone)]
struct Notes(Arc<Mutex<Vec<String>>>);

#[derive(Deserialize, JsonSchema)]
struct Note {
    title: String,
}

#[tool_router(server_handler)]
impl Notes {
    #[tool(description = "Lists the titles of all notes")]
    async fn list_notes(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).join(", ")
    }

    #[tool(description = "Deletes the note with this title")]
    async fn delete_note(&self, Parameters(Note { title }): Parameters<Note>) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != title);
        format!("{title} is gone")
    }

    #[tool(description = "Says whose token the request came with")]
    async fn who_am_i(&self, Extension(head): Extension<Parts>) -> Result<String, String> {
        let token = Token::of(&head.extensions).map_err(|denied| denied.to_string())?;
        Ok(token.subject().to_owned())
    }
}

#[expect(clippy::disallowed_methods, reason = "LISTEN is this example's one own setting")]
fn listen() -> String {
    std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:4100".to_owned())
}
