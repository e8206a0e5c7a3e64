//! The ready HTTP client: reqwest over rustls, no redirects, everything within its bounds.

use std::fmt;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity};
use zeroize::Zeroizing;

use crate::fetch::{Fetch, FetchError, FetchLimits};
use crate::trust::discovery::is_loopback;

/// The [`Fetch`] of the feature `client`: it keeps connections open between requests, and needs a tokio runtime when it
/// is used.
///
/// Hosts elsewhere are asked through the proxy that the system names (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`,
/// `NO_PROXY`). This machine itself (`localhost`, `127.0.0.0/8`, `::1`) never is: the token and the credentials that
/// go there in plain http must not leave it.
#[derive(Clone)]
pub struct ReqwestFetch {
    elsewhere: Client,
    here: Client,
}

impl ReqwestFetch {
    /// A client with the platform's trusted certificates.
    ///
    /// # Errors
    ///
    /// A text for people if TLS can't be set up, as on a machine without certificates.
    pub fn new() -> Result<Self, String> {
        Self::with_tls(&ClientTls::new())
    }

    /// A client with a certificate of its own, or with authorities that the platform does not know.
    ///
    /// # Errors
    ///
    /// A text for people if a PEM text holds not what it should, and as [`ReqwestFetch::new`].
    pub fn with_tls(tls: &ClientTls) -> Result<Self, String> {
        let build = |is_here: bool| -> Result<Client, reqwest::Error> {
            let mut client = Client::builder()
                .redirect(Policy::none())
                .user_agent(concat!("passavant-resource/", env!("CARGO_PKG_VERSION")));
            if let Some(pem) = &tls.certificate {
                client = client.identity(Identity::from_pem(pem.as_bytes())?);
            }
            if let Some(pem) = &tls.authorities {
                client = client.tls_certs_merge(Certificate::from_pem_bundle(pem.as_bytes())?);
            }
            if is_here { client.no_proxy().build() } else { client.build() }
        };
        let both = build(false).and_then(|elsewhere| Ok(Self { elsewhere, here: build(true)? }));
        both.map_err(|error| described(&error))
    }
}

#[async_trait]
impl Fetch for ReqwestFetch {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, FetchError> {
        let is_here = request.uri().host().is_some_and(is_loopback);
        let client = if is_here { &self.here } else { &self.elsewhere };
        let answer = exchange(client, request, limits.bytes_max);
        tokio::time::timeout(limits.deadline, answer).await.unwrap_or(Err(FetchError::Timeout))
    }
}

impl fmt::Debug for ReqwestFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestFetch")
    }
}

/// What a [`ReqwestFetch`] shows and trusts in TLS, beside the platform's authorities. `Debug` shows no key.
#[derive(Clone, Default)]
pub struct ClientTls {
    certificate: Option<Zeroizing<String>>,
    authorities: Option<String>,
}

impl ClientTls {
    /// Nothing to show, and no authorities of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows this certificate chain, with its private key (RFC 8705 §2): one PEM text of both, the leaf first.
    #[must_use]
    pub fn certificate(mut self, pem: &str) -> Self {
        self.certificate = Some(Zeroizing::new(pem.to_owned()));
        self
    }

    /// Trusts servers of these authorities too: PEM certificates.
    #[must_use]
    pub fn authorities(mut self, pem: &str) -> Self {
        self.authorities = Some(pem.to_owned());
        self
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ClientTls");
        shown.field("has_certificate", &self.certificate.is_some());
        shown.field("has_authorities", &self.authorities.is_some()).finish()
    }
}

/// One request; the body is read no further than its bound.
async fn exchange(
    client: &Client,
    request: Request<Bytes>,
    bytes_max: usize,
) -> Result<Response<Bytes>, FetchError> {
    let request = reqwest::Request::try_from(request).map_err(|error| unreachable(&error))?;
    let mut answer = client.execute(request).await.map_err(|error| unreachable(&error))?;
    if answer.content_length().is_some_and(|length| length > bytes_max as u64) {
        return Err(FetchError::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(body.freeze());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    response.headers_mut().remove(CONTENT_LENGTH);
    Ok(response)
}

fn unreachable(error: &reqwest::Error) -> FetchError {
    FetchError::Unreachable(described(error))
}

/// The innermost cause: that the connection was refused says more than that the request failed.
fn described(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
