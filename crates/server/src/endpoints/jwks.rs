//! `GET /jwks` (RFC 7517 §5).

use http::{HeaderValue, header};

use super::metadata::DOCUMENT_CACHE;
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    cors,
    error::Error,
};

pub(crate) async fn jwks(server: &AuthorizationServer) -> Answer {
    let answer = match server.keys().await {
        Ok(keys) => answer::json(&keys.jwks().to_value()).unwrap_or_else(|error| failed(&error)),
        Err(fault) => failed(&Error::Failed(fault)),
    };
    let is_ok = answer.status().is_success();
    let mut answer = cors::allow_all(answer);
    if is_ok {
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
