//! The routes of the demo, and the page at `/`.

use std::{net::Ipv4Addr, sync::Arc};

use axum::{Router, routing::get};
use fetching::{ClientSettings, NamedBy, ReqwestFetch};
use http::StatusCode;
use protocol::{server_metadata::well_known_url, uri::Parts};

use crate::{
    api, app,
    pages::{self, AboutPage, FrontPage, NO_FORMS},
    seeds::{self, app_origin},
};

/// Everything of the demo: `/`, `/demo-api`, its metadata (RFC 9728), and `/demo-app`.
///
/// # Errors
/// [`DemoError`] where the issuer is not one of the development mode.
pub fn site(issuer: &str) -> Result<Router, DemoError> {
    let port = Parts::of(issuer).ok().and_then(|parts| parts.port).ok_or(DemoError::Port)?;
    let fetch = Arc::new(ReqwestFetch::deferred(ClientSettings {
        named_by: Some(NamedBy::operator_of(issuer)),
        // The server listens there, whatever the hosts file says.
        localhost: Some((Ipv4Addr::LOCALHOST, port).into()),
        user_agent: "passavant-demo",
        ..ClientSettings::default()
    }));
    let api = api::router(issuer, fetch.clone())?;
    let app = app::router(app::App::new(issuer, port, fetch));
    let front = FrontPage {
        issuer,
        audience: seeds::api_identifier(issuer),
        app: format!("{}/demo-app", app_origin(port)),
        user: seeds::USER,
        web: seeds::WEB,
        app_client: seeds::APP,
        cli: seeds::CLI,
        api: seeds::API.0,
        scope: seeds::SCOPE,
    };
    Ok(fixed(&front).route(pages::STYLE_PATH, get(pages::style)).merge(api).merge(app))
}

/// `/` outside of the development mode: what this is, and where its discovery documents are.
pub fn about(issuer: &str) -> Router {
    let path = Parts::of(issuer).map_or("", |parts| parts.path).trim_end_matches('/');
    fixed(&AboutPage {
        issuer,
        stylesheet: format!("{path}/assets/ui.css"),
        openid: format!("{issuer}/.well-known/openid-configuration"),
        oauth: well_known_url(issuer),
    })
}

/// A router that serves this page, rendered once, at `/`.
fn fixed(page: &impl askama::Template) -> Router {
    let html = page.render().map_err(|error| tracing::error!(%error, "the front page can't be rendered"));
    let status = if html.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    let html = html.unwrap_or_default();
    Router::new().route("/", get(async move || pages::answer(status, html.clone(), NO_FORMS)))
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The demo app must know its own address.
    #[error("the demo needs an issuer with a port, as http://localhost:4000")]
    Port,
    /// The guard of the API can't be built.
    #[error("the demo's API can't be protected: {0}")]
    Guard(#[from] resource::GuardError),
}
