//! `GET /jwks` (RFC 7517 §5).

use super::{
    document::{Document, KeptDocument},
    table::READ,
};
use crate::{
    AuthorizationServer,
    context::{Cors, Endpoint, Installed},
    error::Error,
};

pub(crate) fn install(installed: &mut Installed) {
    installed.endpoint(Endpoint {
        path: "/jwks".into(),
        methods: READ,
        cors: Cors::Anyone,
        advertise: Box::new(|metadata, offer| metadata.jwks_uri = Some(offer.url.to_owned())),
        answer: KeptDocument::default().responder(|server| Box::pin(render(server))),
    });
    installed.maintenance(|server, limit| Box::pin(server.tend_keys(limit)));
}

async fn render(server: &AuthorizationServer) -> Result<Document, Error> {
    Ok(Document::json("application/jwk-set+json", &server.keys().await?.jwks().to_value())?)
}
