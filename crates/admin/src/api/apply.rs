//! `POST /admin/api/v1/apply`: `passavant apply` from another machine: the same plan, the same single commit, the same
//! report.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::{Params, fields};
use server::{spelling::suggestion, store::Actor};

use super::{Admin, problem::Problem};
use crate::{
    operations::Apply,
    world::{ApplyMode, Difference, Document, World},
};

/// Longest document that is taken over HTTP, in bytes: some thousands of clients.
pub const WORLD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The query parameters.
const ASKABLE: [&str; 2] = ["dry_run", "prune"];

pub(super) async fn apply(State(admin): State<Arc<Admin>>, request: Request) -> Response {
    match admin.apply(request).await {
        Ok(difference) => Json(difference.to_value()).into_response(),
        Err(problem) => problem.into_response(),
    }
}

impl Admin {
    /// The token is checked before a byte of the body is read.
    async fn apply(&self, request: Request) -> Result<Difference, Problem> {
        let (head, body) = request.into_parts();
        let client = self.administrator(&head).await?;
        let Asked { dry_run, mode } = Asked::read(head.uri.query().unwrap_or_default())?;
        demand_json(&head.headers)?;
        let Ok(_permit) = self.applies.try_acquire() else {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many concurrent requests: try again",
            ));
        };
        let world = self.world(&whole(body).await?)?;
        let administration =
            self.administration.acting_for(Actor::Client(client.clone()), Some(&head.extensions));
        let difference = Apply { world: &world, mode, dry_run }.run(&administration).await?;
        tracing::info!(%client, dry_run, changes = difference.changes.len(), "applied over HTTP");
        Ok(difference)
    }

    fn world(&self, body: &[u8]) -> Result<World, Problem> {
        let unusable = |why: &str| Problem::new(StatusCode::BAD_REQUEST, format!("the body {why}"));
        let text = str::from_utf8(body).map_err(|_| unusable("is not UTF-8"))?;
        let document = Document::parse(text).map_err(|why| unusable(&why))?;
        Ok(World::posted(document, &self.administration)?)
    }
}

/// What the query asks for.
struct Asked {
    dry_run: bool,
    mode: ApplyMode,
}

impl Asked {
    /// An unknown parameter is refused: a mistyped `dry_run` must not change anything.
    fn read(query: &str) -> Result<Self, Problem> {
        let refused = |why: String| Problem::new(StatusCode::BAD_REQUEST, why);
        let params =
            Params::parse(query.as_bytes()).map_err(|error| refused(format!("the query: {error}")))?;
        if let Some((name, _)) = params.iter().find(|(name, _)| !ASKABLE.contains(name)) {
            return Err(refused(format!("unknown query parameter{}", suggestion(name, ASKABLE))));
        }
        let truth = |name: &str| match params.iter().find(|(sent, _)| *sent == name) {
            Some((_, "true")) => Ok(true),
            Some((_, "false")) | None => Ok(false),
            Some(_) => Err(refused(format!("{name} must be true or false"))),
        };
        let mode = if truth("prune")? { ApplyMode::Prune } else { ApplyMode::Replace };
        Ok(Self { dry_run: truth("dry_run")?, mode })
    }
}

/// A form of a page could not send this without asking first.
fn demand_json(headers: &HeaderMap) -> Result<(), Problem> {
    let is_json = |value: &HeaderValue| {
        let media_type = fields::without_parameters(value.as_bytes());
        media_type.eq_ignore_ascii_case(b"application/json")
    };
    let types = headers.get_all(header::CONTENT_TYPE);
    if types.iter().next().is_some() && types.iter().all(is_json) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be sent as application/json"))
}

async fn whole(body: axum::body::Body) -> Result<Bytes, Problem> {
    match Limited::new(body, WORLD_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let text = format!("the body is longer than {WORLD_BYTES_MAX} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, text))
        }
        Err(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "the body could not be read to its end")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Option<(bool, ApplyMode)> {
        Asked::read(query).ok().map(|asked| (asked.dry_run, asked.mode))
    }

    #[test]
    fn request_parameters_are_encoded() {
        assert_eq!(read(""), Some((false, ApplyMode::Replace)));
        assert_eq!(read("dry_run=true"), Some((true, ApplyMode::Replace)));
        assert_eq!(read("prune=true&dry_run=false"), Some((false, ApplyMode::Prune)));
    }

    #[test]
    fn unknown_members_prevent_every_change() {
        let strange = [
            "dryrun=true",
            "dry_run",
            "dry_run=",
            "dry_run=1",
            "prune=yes",
            "dry_run=true&dry_run=false",
            "x=%",
        ];
        for query in strange {
            assert_eq!(read(query), None, "{query}");
        }
    }
}
