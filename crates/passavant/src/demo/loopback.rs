//! HTTP to the server in this very process, as a separate API or client would speak it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::OnceLock,
    time::Duration,
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use form_urlencoded::Serializer;
use http::{
    HeaderValue, Request, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use protocol::{Issuer, ServerMetadata, server_metadata::well_known_url};
use reqwest::{Client, redirect::Policy};
use resource::{Fetch, FetchError, FetchLimits};
use tokio::time::timeout;

/// A request may take so many seconds.
const DEADLINE_SECONDS: u64 = 5;

/// A client without redirects, without proxies and without certificates: there is nothing but plain http to loopback.
pub(super) struct Loopback {
    port: u16,
    client: OnceLock<Client>,
}

impl Loopback {
    pub(super) fn new(port: u16) -> Self {
        Self { port, client: OnceLock::new() }
    }

    /// What the server says of itself, at this time.
    pub(super) async fn metadata(&self, issuer: &Issuer) -> Result<ServerMetadata, FetchError> {
        let url = well_known_url(issuer.as_str()).ok_or_else(|| unusable("the issuer is no URL"))?;
        let answer = self.get(&url, None).await?;
        let metadata: ServerMetadata = serde_json::from_slice(answer.body()).map_err(unusable)?;
        if metadata.issuer != issuer.as_str() {
            return Err(unusable("the metadata is of another issuer"));
        }
        Ok(metadata)
    }

    /// Reads, with an access token where there is one to show.
    pub(super) async fn get(&self, url: &str, token: Option<&str>) -> Result<Response<Bytes>, FetchError> {
        let mut request = Request::get(url).header(ACCEPT, "application/json");
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(unusable)?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        self.send(request.body(Bytes::new()).map_err(unusable)?).await
    }

    /// Sends a form.
    pub(super) async fn post(
        &self,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<Response<Bytes>, FetchError> {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(url)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(body.into()).map_err(unusable)?).await
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        let deadline = Duration::from_secs(DEADLINE_SECONDS);
        self.fetch(request, FetchLimits { deadline, ..FetchLimits::default() }).await
    }

    /// `localhost` is 127.0.0.1, whatever the machine's files say: there this server listens.
    fn client(&self) -> Result<&Client, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .tls_certs_only([])
            .resolve("localhost", address)
            .pool_idle_timeout(Duration::from_secs(DEADLINE_SECONDS))
            .user_agent("passavant-demo");
        let client = builder.build().map_err(|error| unreachable(&error))?;
        Ok(self.client.get_or_init(|| client))
    }

    async fn exchange(&self, request: Request<Bytes>, most: usize) -> Result<Response<Bytes>, FetchError> {
        let request = reqwest::Request::try_from(request).map_err(|error| unreachable(&error))?;
        let mut answer = self.client()?.execute(request).await.map_err(|error| unreachable(&error))?;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + chunk.len() > most {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

#[async_trait]
impl Fetch for Loopback {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, FetchError> {
        let exchange = self.exchange(request, limits.bytes_max);
        timeout(limits.deadline, exchange).await.unwrap_or(Err(FetchError::Timeout))
    }
}

fn unusable(why: impl ToString) -> FetchError {
    FetchError::Unreachable(why.to_string())
}

/// The innermost cause: that the connection was refused says more than that the request failed.
fn unreachable(error: &reqwest::Error) -> FetchError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    unusable(cause)
}
