//! A route that is called in process, in the router that a guard supports.

use std::convert::Infallible;

use http::Request;
use http::header::AUTHORIZATION;
use tower::Service as _;

/// Something that answers a GET with a bearer token.
pub(crate) trait Route: Clone {
    /// The status of the answer.
    async fn call(&mut self, token: &str) -> u16;
}

/// The handler of every route, guarded or not.
pub(crate) async fn handler() -> &'static str {
    "notes"
}

/// A router of axum 0.8, unprotected.
pub(crate) fn bare() -> axum::Router {
    axum::Router::new().route("/notes", axum::routing::get(handler))
}

impl Route for axum::Router {
    async fn call(&mut self, token: &str) -> u16 {
        let request = request(token, axum::body::Body::empty());
        match self.as_service().call(request).await {
            Ok(answer) => answer.status().as_u16(),
            Err(error) => never(error),
        }
    }
}

impl Route for axum_07::Router {
    async fn call(&mut self, token: &str) -> u16 {
        let request = request(token, axum_07::body::Body::empty());
        match self.as_service().call(request).await {
            Ok(answer) => answer.status().as_u16(),
            Err(error) => never(error),
        }
    }
}

fn request<B>(token: &str, body: B) -> Request<B> {
    let request = Request::get("http://notes.example/notes").header(AUTHORIZATION, format!("Bearer {token}"));
    request.body(body).expect("a request")
}

fn never(error: Infallible) -> u16 {
    match error {}
}
