//! Protect a server of the Model Context Protocol: every request needs a token, and each tool has its scopes.
//!
#![cfg_attr(all(feature = "axum", feature = "client"), doc = "```")]
#![cfg_attr(not(all(feature = "axum", feature = "client")), doc = "```text")]
//! use axum::{Router, body::Body, routing::any};
//! use http::{Request, StatusCode, header::{AUTHORIZATION, WWW_AUTHENTICATE}};
//! use passavant_resource::Guard;
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use serde_json::json;
//! use tower_service::Service as _;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Authority::start();
//! let resource = "https://notes.example.org/mcp"; // the URL that clients are given
//! let guard = Guard::builder(server.issuer(), resource).required_scopes("notes.read").build()?;
//! let tools = guard.mcp().tool("add_note", "notes.write").tool("delete_note", "notes.write notes.delete");
//!
//! # async fn mcp_server(body: String) -> String { body }
//! let mut app: Router = Router::new()
//!     .route("/mcp", any(mcp_server)) // or `route_service`, with any MCP server over streamable HTTP
//!     .layer(tools)
//!     .merge(guard.metadata());
//!
//! let call = |tool: &str, token: &str| {
//!     let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool } });
//!     Request::post("/mcp").header(AUTHORIZATION, format!("Bearer {token}")).body(Body::from(message.to_string()))
//! };
//! let token = server.token(resource).scope("notes.read").sign();
//! assert_eq!(app.call(call("search_notes", &token)?).await?.status(), StatusCode::OK);
//!
//! let refused = app.call(call("add_note", &token)?).await?;
//! assert_eq!(refused.status(), StatusCode::FORBIDDEN);
//! let challenge = refused.headers()[WWW_AUTHENTICATE].to_str()?;
//! assert!(challenge.contains(r#"error="insufficient_scope""#));
//! assert!(challenge.contains("notes.write"));
//! let metadata = r#"resource_metadata="https://notes.example.org/.well-known/oauth-protected-resource/mcp""#;
//! assert!(challenge.contains(metadata));
//! # Ok(())
//! # }
//! ```
//!
//! * A client starts with a 401, which names the scopes to request and the metadata with the authorization servers
//!   (RFC 9728). A call beyond its token is a 403 with the scopes that are needed: those of this server that it has,
//!   and the missing ones, since clients request exactly what is named.
//! * The audience is the URL of the server, as clients send it in `resource` (RFC 8707). A token for another server is
//!   refused, and the token is never passed on to upstream services.
//! * The tool is named in the body, so the layer reads `POST` bodies of up to 4 MiB, and refuses ambiguous ones with
//!   400: compressed bodies, and duplicate members. The body is then passed on unchanged. `GET` and `DELETE`, which
//!   call no tool, need an accepted token.
//! * [`Mcp::other_tools`](crate::Mcp::other_tools) is for tools without their own scopes. Prompts and resources of the
//!   protocol have no rules here; check those in the server with [`Token::of`](crate::Token::of).
//!
//! # Equivalents
//!
//! | elsewhere | here |
//! |---|---|
//! | TypeScript SDK `requireBearerAuth({ verifier, requiredScopes, .. })` | `.required_scopes(..)`, `guard.mcp()` |
//! | TypeScript SDK `mcpAuthMetadataRouter` | `guard.metadata()` |
//! | Python SDK `TokenVerifier`, `AuthSettings(required_scopes=..)` | the same; scopes for each tool have no equivalent |
