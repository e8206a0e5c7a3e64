//! `huskarl-resource-server`, as in its guides, in a middleware function: its own axum adapter is not released.
//! Checking the scope is left to the API.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use huskarl_reqwest::ReqwestClient;
use huskarl_resource_server::core::client_auth::ClientSecret;
use huskarl_resource_server::core::secrets::{ProvidedSecret, SecretString};
use huskarl_resource_server::core::server_metadata::AuthorizationServerMetadata;
use huskarl_resource_server::validator::AccessTokenValidator;
use huskarl_resource_server::validator::introspection::IntrospectionValidator;
use huskarl_resource_server::validator::rfc9068::Rfc9068Validator;

use crate::route::{self, bare};
use crate::tokens::Tokens;
use crate::{AUDIENCE, Row, new, repeated};

pub(crate) async fn row(tokens: &Tokens<'_>) -> anyhow::Result<Row> {
    let client = ReqwestClient::builder().build().await?;
    let issuer = tokens.authority.issuer().to_owned();
    let metadata = AuthorizationServerMetadata::fetch().http_client(&client).issuer(issuer).call().await?;
    let jwt = Rfc9068Validator::builder_from_metadata(&metadata).audience(AUDIENCE);
    let jwt = guarded(jwt.jwks_source(client.clone()).build().await?);
    let introspecting =
        IntrospectionValidator::builder_from_metadata(&metadata)?.client_id("notes-rs").aud(AUDIENCE);
    let introspecting =
        introspecting.client_auth(ClientSecret::new(ProvidedSecret::new(SecretString::new("secret"))));
    let introspecting = guarded(introspecting.http_client(client).build().await?);
    Ok(Row {
        guard: "huskarl-resource-server 0.11",
        repeated_jwt: Some(repeated(jwt.clone(), bare(), &tokens.jwt()).await?),
        new_jwt: Some(new(jwt, bare(), || tokens.jwt()).await?),
        repeated_introspection: Some(repeated(introspecting.clone(), bare(), &tokens.opaque()).await?),
        new_introspection: Some(new(introspecting, bare(), || tokens.opaque()).await?),
    })
}

fn guarded<V: AccessTokenValidator + Send + Sync + 'static>(validator: V) -> axum::Router {
    let layer = from_fn_with_state(Arc::new(validator), check::<V>);
    axum::Router::new().route("/notes", axum::routing::get(route::handler)).route_layer(layer)
}

async fn check<V: AccessTokenValidator>(
    State(validator): State<Arc<V>>,
    request: Request,
    next: Next,
) -> Response {
    let found = validator.validate_request(request.headers(), request.method(), request.uri(), None).await;
    match found.outcome {
        Ok(Some(_)) => next.run(request).await,
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        Err(error) => {
            eprintln!("{}", chain(&error));
            StatusCode::UNAUTHORIZED.into_response()
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
