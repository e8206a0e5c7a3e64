//! A guard in front of an MCP server: tools and their scopes, over the wire form of the protocol.

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use passavant_resource::limits::MCP_MESSAGE_BYTES_MAX;
use serde_json::{Value, json};
use tower_service::Service as _;

use crate::support::World;

/// A server that echoes what reaches it.
fn app(world: &World) -> Router {
    let guard = world.builder().required_scopes("notes.read").build().expect("a guard");
    let mcp = guard.mcp().tool("delete", "notes.write").tool("admin", "notes.write notes.admin");
    Router::new().route("/mcp", any(async |body: String| body)).layer(mcp.other_tools("notes.list"))
}

async fn sent(world: &World, scope: &str, request: Request<String>) -> Response<Body> {
    let token = world.jwt(json!({ "scope": scope }));
    let (mut head, body) = request.into_parts();
    head.headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().expect("a header"));
    app(world).call(Request::from_parts(head, Body::from(body))).await.expect("infallible")
}

fn message(tool: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": {} } })
}

fn post(body: impl ToString) -> Request<String> {
    Request::post("/mcp").body(body.to_string()).expect("a request")
}

async fn outcome(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    let challenge =
        response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().expect("ASCII").to_owned());
    (status, challenge.unwrap_or_default())
}

#[tokio::test]
async fn a_tool_is_called_with_its_scopes_and_the_body_arrives_whole() {
    let world = World::new();
    for (scope, tool) in [
        ("notes.read notes.write", "delete"),
        ("notes.read notes.write notes.admin", "admin"),
        ("notes.read notes.list", "list"),
    ] {
        let response = sent(&world, scope, post(message(tool))).await;
        assert_eq!(response.status(), StatusCode::OK, "{tool}");
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON"), message(tool));
    }
}

#[tokio::test]
async fn a_tool_beyond_the_token_is_403_with_the_scopes_worth_asking_for() {
    let world = World::new();
    for (scope, tool, asked) in [
        ("notes.read", "delete", "notes.read notes.write"),
        ("notes.read notes.list", "delete", "notes.list notes.read notes.write"),
        ("notes.read notes.write", "admin", "notes.admin notes.read notes.write"),
        ("notes.read other", "list", "notes.list notes.read"),
    ] {
        let (status, challenge) = outcome(sent(&world, scope, post(message(tool))).await).await;
        assert_eq!(status, 403, "{tool}");
        let scopes =
            challenge.split("scope=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let mut scopes: Vec<_> = scopes.split(' ').collect();
        scopes.sort_unstable();
        assert_eq!(scopes.join(" "), asked, "{challenge}");
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    }
}

#[tokio::test]
async fn one_forbidden_call_refuses_the_whole_batch() {
    let world = World::new();
    let batch = json!([message("list"), message("delete")]);
    assert_eq!(outcome(sent(&world, "notes.read notes.list", post(&batch)).await).await.0, 403);
    assert_eq!(outcome(sent(&world, "notes.read notes.list notes.write", post(batch)).await).await.0, 200);
}

#[tokio::test]
async fn what_is_no_call_needs_the_guard_s_own_scopes_alone() {
    let world = World::new();
    let listing = post(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }));
    assert_eq!(outcome(sent(&world, "notes.read", listing).await).await.0, 200);
    let stream = Request::get("/mcp").body(String::new()).expect("a request");
    assert_eq!(outcome(sent(&world, "notes.read", stream).await).await.0, 200);
    let stream = Request::get("/mcp").body(String::new()).expect("a request");
    assert_eq!(outcome(sent(&world, "notes.list", stream).await).await.0, 403);
}

#[tokio::test]
async fn what_can_not_be_read_never_reaches_the_server() {
    let world = World::new();
    let encoded = Request::post("/mcp").header(CONTENT_ENCODING, "gzip").body(message("list").to_string());
    let long = format!("{}{}", " ".repeat(MCP_MESSAGE_BYTES_MAX), message("list"));
    let twice = r#"{"method":"tools/list","method":"tools/call","params":{"name":"delete"}}"#;
    for request in [encoded.expect("a request"), post(long), post(twice), post("not JSON")] {
        let (status, challenge) = outcome(sent(&world, "notes.read notes.list", request).await).await;
        assert_eq!((status, challenge.contains("error=\"invalid_request\"")), (400, true), "{challenge}");
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_read() {
    let world = World::new();
    let request = post("not JSON").map(Body::from);
    let response = app(&world).call(request).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn whoever_needs_a_token_is_told_the_scopes_and_the_metadata() {
    let world = World::new();
    let guard = world.builder().required_scopes("notes.read").build().expect("a guard");
    let mcp = guard.mcp().tool("delete", "notes.write").other_tools("notes.list");
    let mut app = Router::new().route("/mcp", any(async || ())).layer(mcp).merge(guard.metadata());
    let mut asked = async |token: Option<&str>| {
        let mut request = Request::post("/mcp");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).expect("a request");
        outcome(app.call(request).await.expect("infallible")).await
    };
    let (status, challenge) = asked(None).await;
    assert_eq!(status, 401);
    assert!(
        challenge.starts_with("Bearer scope=\"notes.read notes.list\", resource_metadata="),
        "{challenge}"
    );
    let (status, challenge) = asked(Some("garbage")).await;
    assert_eq!(status, 401);
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    assert!(challenge.contains("scope=\"notes.read notes.list\""), "{challenge}");
}
