//! The body of what the guard answers.

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};

use super::body::BodyError;

/// The body of an answer.
pub(super) type Body = UnsyncBoxBody<Bytes, BodyError>;

/// An answer whose body is there already.
pub(super) fn whole(response: Response<Full<Bytes>>) -> Response<Body> {
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}
