//! `GET /jwks` (RFC 7517 §5).

use http::{HeaderValue, header};

use super::{metadata::DOCUMENT_CACHE, table::READ};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    context::{Cors, Endpoint, Installed, Responder},
    error::Error,
};

pub(crate) fn install(installed: &mut Installed) {
    installed.endpoint(Endpoint {
        path: "/jwks".into(),
        methods: READ,
        cors: Cors::Anyone,
        advertise: Box::new(|metadata, offer| metadata.jwks_uri = Some(offer.url.to_owned())),
        answer: Responder::new(|server, _| Box::pin(jwks(server))),
    });
    installed.maintenance(|server, limit| Box::pin(server.tend_keys(limit)));
}

async fn jwks(server: &AuthorizationServer) -> Answer {
    let mut answer = match server.keys().await {
        Ok(keys) => answer::json(&keys.jwks().to_value()).unwrap_or_else(|error| failed(&error)),
        Err(fault) => failed(&Error::Failed(fault)),
    };
    if answer.status().is_success() {
        answer
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
        answer.headers_mut().insert(header::CACHE_CONTROL, DOCUMENT_CACHE);
        answer.headers_mut().remove(header::PRAGMA);
    }
    answer
}

fn failed(error: &Error) -> Answer {
    answer::json_error(error, Scheme::Basic)
}
