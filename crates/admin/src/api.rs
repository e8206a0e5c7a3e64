//! `/admin/api/v1`: what an operator's machine does over HTTP. It is a resource of the server like any other, known to
//! every store from the first start on, and opened by the server's own tokens.

mod apply;
mod problem;

use std::sync::Arc;

use axum::{Router, middleware::map_response, response::Response, routing::post};
use http::{HeaderValue, header, request::Parts};
use protocol::{ClientId, scope};
use server::{Denied, Difference, Reason};
use tokio::sync::Semaphore;

pub use apply::WORLD_BYTES_MAX;

use crate::administration::{Administration, api_identifier};

/// Where `apply` is, below the issuer.
const APPLY_PATH: &str = "/admin/api/v1/apply";
/// Documents that are read and compared at the same time; a further request is answered with 503.
const APPLIES_MAX: usize = 4;

/// The address of `apply`.
pub fn apply_url(issuer: &str) -> String {
    format!("{issuer}{APPLY_PATH}")
}

/// Its routes. No page may call it: it answers no preflight, and knows no cookie.
pub fn router(administration: Administration) -> Router {
    let audience = api_identifier(administration.server.settings().issuer.as_str());
    let admin = Admin { administration, audience, applies: Semaphore::new(APPLIES_MAX) };
    Router::new()
        .route(APPLY_PATH, post(apply::apply))
        .layer(map_response(no_store))
        .with_state(Arc::new(admin))
}

/// What the routes need.
struct Admin {
    administration: Administration,
    audience: String,
    applies: Semaphore,
}

impl Admin {
    /// The client that a request acts for, if its token opens this API.
    ///
    /// Only a client that acts for itself, and still has the scope. A token that other resources take as well is turned
    /// away: any of them could present it here (RFC 9700 §2.3).
    async fn administrator(&self, head: &Parts) -> Result<ClientId, Denied> {
        const WANTED: &[&str] = &[scope::ADMIN];
        let server = &self.administration.server;
        let access = server.access(head, &self.audience, WANTED).await?;
        if access.audience.len() != 1 {
            let named = access.audience.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let difference = Difference::new("aud", named, format_args!("only {}", self.audience));
            return Err(Denied::new(Reason::TokenInactive, WANTED).noting(head, difference));
        }
        let client = server.registry().client(access.client.as_str()).await.map_err(Denied::from)?;
        let is_allowed = client.is_some_and(|client| client.scopes.contains(scope::ADMIN));
        if access.grant.is_some() || access.subject.is_some() || !is_allowed {
            let sent = "a token of a user, or of a client that has not the scope any more";
            let difference =
                Difference::new("token", sent, "a token of a client for itself, which has the scope");
            return Err(Denied::new(Reason::ScopeInsufficient, WANTED).noting(head, difference));
        }
        Ok(access.client)
    }
}

async fn no_store(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
