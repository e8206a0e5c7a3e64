//! `oauth-resource-server`, as in its quickstart. It does not introspect.

use std::sync::Arc;

use anyhow::Context as _;
use oauth_resource_server::axum::AuthLayer;
use oauth_resource_server::{KeyNaming, OAuthConfig, OAuthValidator, static_token_policy};

use crate::route::{self, bare};
use crate::tokens::Tokens;
use crate::{AUDIENCE, Row, new, repeated};

pub(crate) async fn row(tokens: &Tokens<'_>) -> anyhow::Result<Row> {
    let mut config = OAuthConfig::default();
    config.enabled = true;
    config.issuer = tokens.authority.issuer().to_owned();
    config.audience = AUDIENCE.into();
    config.resource = AUDIENCE.into();
    config.required_scope = Some("notes.read".into());
    let resolved = config.resolve(KeyNaming::Dotted("oauth"))?.context("it is enabled")?;
    let validator = Arc::new(OAuthValidator::new(&resolved)?);
    validator.spawn_background_refresh();
    let decision = static_token_policy(None, Some(&resolved), false)?;
    let layer = AuthLayer::from_decision(decision, Some(validator))?;
    let guarded = axum::Router::new().route("/notes", axum::routing::get(route::handler)).route_layer(layer);
    Ok(Row {
        guard: "oauth-resource-server 0.4",
        repeated_jwt: Some(repeated(guarded.clone(), bare(), &tokens.jwt()).await?),
        new_jwt: Some(new(guarded, bare(), || tokens.jwt()).await?),
        repeated_introspection: None,
        new_introspection: None,
    })
}
