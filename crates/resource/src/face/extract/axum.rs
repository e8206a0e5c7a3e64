//! Extractors and router for axum 0.8.

use axum::Router;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use serde::de::DeserializeOwned;

use crate::answer::challenge::Denied;
use crate::face::extract::Claims;
use crate::face::guard::Guard;
use crate::face::token::Token;

impl Guard {
    /// [`Guard::metadata_service`] as a router of axum to merge (feature `axum`): metadata at the root and with the
    /// path of the audience, and `/jwks` if there are decryption keys. It must not be behind the guard's layer.
    pub fn metadata<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let service = self.metadata_service();
        service.paths().fold(Router::new(), |router, path| {
            router.route_service(&path.replace('{', "{{").replace('}', "}}"), service.clone())
        })
    }
}

/// The token that the guard of this route accepted, as [`Token::of`] finds it.
impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Denied;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Denied> {
        Self::of(&head.extensions)
    }
}

/// As [`Token::optional_of`].
impl<S: Send + Sync> OptionalFromRequestParts<S> for Token {
    type Rejection = Denied;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Option<Self>, Denied> {
        Self::optional_of(&head.extensions)
    }
}

/// As [`Claims::of`].
impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Claims<T> {
    type Rejection = Denied;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Denied> {
        Self::of(&head.extensions)
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        self.response().into_response()
    }
}
