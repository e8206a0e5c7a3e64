//! The server behind the guard: its origin, and the client for it.

use std::{error::Error, sync::Arc, time::Duration};

use http::{
    Request, Response, Uri,
    uri::{Authority, Scheme},
};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use protocol::uri::Parts;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serving::Progress;

use super::{
    body::{BodyError, StreamingBody},
    limits::{
        CONNECT_SECONDS_MAX, UPSTREAM_HEAD_BYTES_MAX, UPSTREAM_HEADERS_MAX, UPSTREAM_IDLE_MAX,
        UPSTREAM_IDLE_SECONDS,
    },
};

/// The origin of the upstream, which has no path: paths are passed on as they are.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    scheme: Scheme,
    pub(super) authority: Authority,
    /// For connecting: without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    /// Reads a URL.
    ///
    /// # Errors
    /// A message for the operator.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let parts = Parts::of(url).map_err(|error| format!("the upstream {error}"))?;
        let wrong =
            || "the upstream must be http://HOST:PORT or https://HOST:PORT, without a path".to_owned();
        let (Some(host), "" | "/", None) = (parts.host, parts.path, parts.query) else { return Err(wrong()) };
        let (scheme, default) = match parts.scheme {
            "http" => (Scheme::HTTP, 80),
            "https" => (Scheme::HTTPS, 443),
            _ => return Err(wrong()),
        };
        let authority = match parts.port {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            scheme,
            authority: authority.parse().map_err(|_| wrong())?,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: parts.port.unwrap_or(default),
        })
    }

    /// A target at this origin.
    pub(super) fn target(&self, target: &Uri) -> Option<Uri> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query =
            Some(target.path_and_query().cloned().unwrap_or_else(|| "/".parse().expect("a path")));
        Uri::from_parts(parts).ok()
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// Why the upstream did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UpstreamError {
    /// It accepts no connection, or its certificate is not trusted.
    Unreachable,
    /// Its answer is invalid.
    Broken,
    /// Its answer did not begin in time.
    Late,
    /// The body of the request was the cause.
    Body(BodyError),
}

/// The client of the upstream. HTTP/1.1 only; connections are reused.
pub(super) struct Upstream {
    pub(super) origin: Origin,
    client: Client<HttpsConnector<HttpConnector>, StreamingBody>,
    /// How long an answer may take to begin.
    deadline: Duration,
}

impl Upstream {
    /// A client for this origin. Nothing is connected yet.
    ///
    /// # Errors
    /// Where TLS can't be set up, as on a machine without certificates.
    pub(super) fn to(origin: &Origin, deadline: Duration) -> Result<Self, rustls::Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_secs(CONNECT_SECONDS_MAX)));
        let tls = HttpsConnectorBuilder::new().with_tls_config(tls(origin.scheme == Scheme::HTTPS)?);
        let connector = tls.https_or_http().enable_http1().wrap_connector(tcp);
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(Duration::from_secs(UPSTREAM_IDLE_SECONDS));
        builder.pool_max_idle_per_host(UPSTREAM_IDLE_MAX);
        builder.http1_max_buf_size(UPSTREAM_HEAD_BYTES_MAX).http1_max_headers(UPSTREAM_HEADERS_MAX);
        Ok(Self { origin: origin.clone(), client: builder.build(connector), deadline })
    }

    /// Sends a request and waits for the head of its answer: for as long as the request's body moves, and then until
    /// the deadline.
    ///
    /// # Errors
    /// [`UpstreamError`]
    pub(super) async fn ask(
        &self,
        request: Request<StreamingBody>,
        progress: Progress,
    ) -> Result<Response<Incoming>, UpstreamError> {
        let answered = tokio::select! {
            biased;
            answered = self.client.request(request) => answered,
            () = progress.stalled_for(self.deadline) => return Err(UpstreamError::Late),
        };
        answered.map_err(|error| {
            if let Some(cause) = body_error(&error) {
                return UpstreamError::Body(cause);
            }
            tracing::warn!(error = innermost(&error), upstream = %self.origin, "the upstream did not answer");
            if error.is_connect() { UpstreamError::Unreachable } else { UpstreamError::Broken }
        })
    }
}

/// The certificates of the platform are loaded only where they are needed.
fn tls(is_needed: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    if is_needed {
        return Ok(builder.with_platform_verifier()?.with_no_client_auth());
    }
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// The error of the request body, if that was the cause.
fn body_error(error: &(dyn Error + 'static)) -> Option<BodyError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(body_error) = error.downcast_ref::<BodyError>() {
            return Some(*body_error);
        }
        cause = error.source();
    }
    None
}

/// The innermost cause: "connection refused" says more than "request failed".
fn innermost(mut error: &(dyn Error + 'static)) -> String {
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_an_origin() {
        for (url, host, port) in [
            ("http://127.0.0.1:3000", "127.0.0.1", 3000),
            ("http://app/", "app", 80),
            ("https://app.example", "app.example", 443),
            ("http://[::1]:8080", "::1", 8080),
        ] {
            let origin = Origin::parse(url).expect("an origin");
            assert_eq!((&*origin.host, origin.port), (host, port));
        }
        for url in
            ["127.0.0.1:3000", "http://app/path", "http://app/?x", "ftp://app", "http://u@app", "unix:/x", ""]
        {
            assert!(Origin::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn request_target_is_forwarded_unchanged() {
        let origin = Origin::parse("http://app:1").expect("an origin");
        for target in ["/", "/a%2Fb/../c?x=%20&y", "/?", "//x"] {
            let uri = target.parse().expect("a target");
            assert_eq!(origin.target(&uri).expect("a URI").to_string(), format!("http://app:1{target}"));
        }
    }
}
