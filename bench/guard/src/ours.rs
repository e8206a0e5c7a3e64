//! Our guard, as in the README.

use passavant_resource::{Guard, Mode};

use crate::route::{self, bare};
use crate::tokens::Tokens;
use crate::{AUDIENCE, Row, new, repeated};

pub(crate) async fn row(tokens: &Tokens<'_>) -> anyhow::Result<Row> {
    let issuer = tokens.authority.issuer();
    let jwt = guarded(&Guard::new(issuer, AUDIENCE)?);
    let introspecting =
        Guard::builder(issuer, AUDIENCE).mode(Mode::Introspection).introspect("notes-rs", "secret");
    let introspecting = guarded(&introspecting.build()?);
    Ok(Row {
        guard: "passavant-resource",
        repeated_jwt: Some(repeated(jwt.clone(), bare(), &tokens.jwt()).await?),
        new_jwt: Some(new(jwt, bare(), || tokens.jwt()).await?),
        repeated_introspection: Some(repeated(introspecting.clone(), bare(), &tokens.opaque()).await?),
        new_introspection: Some(new(introspecting, bare(), || tokens.opaque()).await?),
    })
}

fn guarded(guard: &Guard) -> axum::Router {
    axum::Router::new()
        .route("/notes", axum::routing::get(route::handler))
        .route_layer(guard.require("notes.read"))
}
