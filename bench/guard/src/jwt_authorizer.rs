//! `jwt-authorizer`, as in its README, with the version of axum that it supports. It neither introspects nor checks
//! scopes.

use jwt_authorizer::{Authorizer, IntoLayer as _, JwtAuthorizer, RegisteredClaims, Validation};

use crate::route;
use crate::tokens::Tokens;
use crate::{AUDIENCE, Row, new, repeated};

pub(crate) async fn row(tokens: &Tokens<'_>) -> anyhow::Result<Row> {
    let issuer = tokens.authority.issuer();
    let validation = Validation::new().iss(&[issuer]).aud(&[AUDIENCE]);
    let authorizer = JwtAuthorizer::from_jwks_url(&format!("{issuer}/jwks")).validation(validation);
    let authorizer: Authorizer<RegisteredClaims> = authorizer.build().await?;
    let bare = || axum_07::Router::new().route("/notes", axum_07::routing::get(route::handler));
    let guarded = bare().layer(authorizer.into_layer());
    Ok(Row {
        guard: "jwt-authorizer 0.15",
        repeated_jwt: Some(repeated(guarded.clone(), bare(), &tokens.jwt()).await?),
        new_jwt: Some(new(guarded, bare(), || tokens.jwt()).await?),
        repeated_introspection: None,
        new_introspection: None,
    })
}
