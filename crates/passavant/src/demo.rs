//! What `--dev` shows: a page that says what is there, an API behind a guard, and a client that signs in.
//!
//! API and client live in this process and still are strangers to its server: they know its issuer, and ask it by
//! HTTP over loopback, each with what is registered for it. Nothing is asked before a request needs it.

mod api;
mod app;
mod loopback;
mod pages;

use std::sync::Arc;

use axum::{Router, routing::get};
use http::StatusCode;
use protocol::{Issuer, server_metadata::well_known_url, uri::Parts};

use crate::{config::Config, dev, wiring::Installation};
use loopback::Loopback;
use pages::{AboutPage, FrontPage, NO_FORMS};

/// What the client asks for. It must be registered for all of it.
const WEB_SCOPES: &str = "openid profile email offline_access demo.read";
/// Where the API is, below the issuer.
const API_PATH: &str = "/demo-api";

/// Everything of the demo: `/`, `/demo-api`, its metadata (RFC 9728), and `/demo-app`.
///
/// # Errors
/// [`DemoError`] where the issuer is none of dev mode's.
pub(crate) fn router(installation: &Installation) -> Result<Router, DemoError> {
    let issuer = &*installation.config.issuer;
    let port = Parts::of(issuer).ok().and_then(|parts| parts.port).ok_or(DemoError::Port)?;
    let http = Arc::new(Loopback::new(port));
    let api = api::router(issuer, http.clone(), installation.clock.clone())?;
    let app = app::router(app::App::new(Issuer::new(issuer), port, http, installation));
    let front = FrontPage {
        issuer,
        audience: dev::api_identifier(issuer),
        app: format!("{}/demo-app", app_origin(port)),
        user: dev::USER,
        web: dev::WEB,
        cli: dev::CLI,
        api: dev::API.0,
        scope: dev::SCOPE,
    };
    Ok(fixed(&front).route(pages::STYLE_PATH, get(pages::style)).merge(api).merge(app))
}

/// `/` outside of dev mode: what this is, and where its discovery documents are.
pub(crate) fn front(config: &Config) -> Router {
    let issuer = &*config.issuer;
    let path = Parts::of(issuer).map_or("", |parts| parts.path).trim_end_matches('/');
    fixed(&AboutPage {
        issuer,
        stylesheet: format!("{path}/assets/ui.css"),
        openid: format!("{issuer}/.well-known/openid-configuration"),
        oauth: well_known_url(issuer),
    })
}

/// Where a browser goes after signing out of the client. Such addresses are compared exactly, port included.
pub(crate) fn post_logout_redirect_uri(port: u16) -> String {
    format!("{}/demo-app/signed-out", app_origin(port))
}

/// Where the client is. It is another host than the issuer's, so that each has its own cookies.
fn app_origin(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A router whose `/` is this page, rendered once.
fn fixed(page: &impl askama::Template) -> Router {
    let html = page.render().map_err(|error| tracing::error!(%error, "the front page can't be rendered"));
    let status = if html.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    let html = html.unwrap_or_default();
    Router::new().route("/", get(async move || pages::answer(status, html.clone(), NO_FORMS)))
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// The client must know where it is.
    #[error("the demo needs an issuer with a port, as http://localhost:4000")]
    Port,
    /// The guard of the API can't be built.
    #[error("the demo's API can't be protected: {0}")]
    Guard(#[from] resource::GuardError),
}
