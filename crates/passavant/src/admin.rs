//! `/admin/api/v1`: what an operator's machine does over HTTP. It is a resource of the server like any other, known to
//! every store from the first start on, and opened by the server's own tokens.

mod apply;
mod problem;

use std::sync::Arc;

use accounts::Passwords;
use axum::{Router, middleware::map_response, response::Response, routing::post};
use http::{HeaderValue, header, request::Parts};
use protocol::{Audience, ClientId, scope};
use server::{
    Denied, Reason,
    store::{Commit, Expect, RegistryChange, Resource, ResourceSettings, Store as _},
};
use tokio::sync::Semaphore;

pub(crate) use apply::WORLD_BYTES_MAX;

use crate::{wiring::Installation, world::ApplyError};

/// Where it is, below the issuer. The whole URL is its audience.
const PATH: &str = "/admin/api/v1";
/// Where `apply` is, below the issuer.
const APPLY_PATH: &str = "/admin/api/v1/apply";
/// Worlds that are read and weighed at one time; whoever comes later is asked to come again.
const APPLIES_MAX: usize = 4;
/// Attempts to register it while somebody else writes.
const ATTEMPTS_MAX: usize = 3;

/// The audience of tokens for the admin API of this issuer.
pub(crate) fn identifier(issuer: &str) -> String {
    format!("{issuer}{PATH}")
}

/// The address of `apply`.
pub(crate) fn apply_url(issuer: &str) -> String {
    format!("{issuer}{APPLY_PATH}")
}

/// Registers the API as a resource, or puts it right where somebody changed it. No `--prune` deletes it, since no `apply`
/// made it.
///
/// # Errors
/// The store's.
pub(crate) async fn register(installation: &Installation) -> Result<(), ApplyError> {
    let identifier = Audience::new(identifier(&installation.config.issuer));
    let settings = ResourceSettings {
        resource_name: Some("Administration of this server".to_owned()),
        scopes: vec![scope::ADMIN.to_owned(), scope::READ.to_owned()],
        ..ResourceSettings::default()
    };
    for _ in 0..ATTEMPTS_MAX {
        let stored = installation.issuer.resources().await?;
        let stored = stored.into_iter().find(|stored| stored.identifier == identifier);
        let is_right =
            |stored: &Resource| stored.settings == settings && stored.caller.is_none() && !stored.applied;
        if stored.as_ref().is_some_and(is_right) {
            return Ok(());
        }
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        let expect = stored.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
        let (identifier, settings) = (identifier.clone(), settings.clone());
        let own = Resource { identifier, caller: None, settings, applied: false, version };
        let put = RegistryChange::PutResource(Box::new(own), expect);
        let commit = Commit::new(installation.server.now()).with(put);
        if installation.issuer.commit(commit).await?.is_ok() {
            return Ok(());
        }
    }
    Err(ApplyError::Contended)
}

/// Its routes. No page may call it: it answers no preflight, and knows no cookie.
pub(crate) fn router(installation: Arc<Installation>, passwords: Arc<Passwords>) -> Router {
    let audience = identifier(&installation.config.issuer);
    let admin = Admin { installation, passwords, audience, applies: Semaphore::new(APPLIES_MAX) };
    Router::new()
        .route(APPLY_PATH, post(apply::apply))
        .layer(map_response(no_store))
        .with_state(Arc::new(admin))
}

/// What the routes need.
struct Admin {
    installation: Arc<Installation>,
    passwords: Arc<Passwords>,
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
        let server = &self.installation.server;
        let access = server.access(head, &self.audience, WANTED).await?;
        if access.audience.len() != 1 {
            tracing::info!(client = %access.client, "refused: the token is for other resources as well");
            return Err(Denied::new(Reason::TokenInactive, WANTED));
        }
        let client = server.registry().client(access.client.as_str()).await.map_err(Denied::from)?;
        let is_allowed = client.is_some_and(|client| client.scopes.contains(scope::ADMIN));
        if access.grant.is_some() || access.subject.is_some() || !is_allowed {
            return Err(Denied::new(Reason::ScopeInsufficient, WANTED));
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
