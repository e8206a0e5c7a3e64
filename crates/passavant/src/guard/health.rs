//! Liveness of the process, and readiness: whether the upstream accepts a connection.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use tokio::{net::TcpStream, time::timeout};

use super::{
    limits::READY_SECONDS_MAX,
    response::{Body, whole},
    upstream::Origin,
};

/// Answers `/health/live` and `/health/ready`. The authorization server is not asked: while it is unavailable, only
/// requests with a token that needs it get a 503.
pub(super) struct Health {
    upstream: Option<(String, u16)>,
}

impl Health {
    pub(super) fn of(upstream: Option<&Origin>) -> Self {
        Self { upstream: upstream.map(|origin| (origin.host.clone(), origin.port)) }
    }

    /// The answer; `None` at any other path.
    pub(super) async fn answer(&self, path: &str) -> Option<Response<Body>> {
        match path {
            "/health/live" => Some(status(StatusCode::OK, r#"{"status":"ok"}"#)),
            "/health/ready" if self.is_ready().await => Some(status(StatusCode::OK, r#"{"status":"ok"}"#)),
            "/health/ready" => {
                let text = r#"{"status":"failed","upstream":"unreachable"}"#;
                Some(status(StatusCode::SERVICE_UNAVAILABLE, text))
            }
            _ => None,
        }
    }

    async fn is_ready(&self) -> bool {
        let Some((host, port)) = &self.upstream else { return true };
        let connecting = TcpStream::connect((&**host, *port));
        timeout(Duration::from_secs(READY_SECONDS_MAX), connecting)
            .await
            .is_ok_and(|connected| connected.is_ok())
    }
}

fn status(code: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Full::from(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    whole(response)
}
