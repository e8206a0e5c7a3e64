//! The HTTP client: reqwest over rustls, without redirects, with limits.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::destination::{NamedBy, is_loopback, is_special_use};
use crate::fetch::{Fetch, FetchError, FetchLimits};

/// The [`Fetch`] of the feature `client`. It keeps connections open between requests, and needs a tokio runtime when
/// it is used.
///
/// Other hosts are asked through the system's proxy (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`). This
/// machine itself (`localhost`, `127.0.0.0/8`, `::1`) never is: tokens and credentials that go there in plain http
/// must not leave it.
#[derive(Clone)]
pub struct ReqwestFetch(Arc<Inner>);

struct Inner {
    settings: ClientSettings,
    running: Option<Semaphore>,
    elsewhere: OnceLock<Client>,
    here: OnceLock<Client>,
}

/// How a [`ReqwestFetch`] works.
#[derive(Clone, Debug, Default)]
pub struct ClientSettings {
    /// Certificates.
    pub tls: ClientTls,
    /// Who names the URLs. Every URL is then checked ([`NamedBy::check`]), and for [`NamedBy::Stranger`] so is each
    /// address that a host name has, and no proxy is used, since a proxy would resolve it elsewhere. `None`: the
    /// caller has checked.
    pub named_by: Option<NamedBy>,
    /// Maximum number of concurrent requests; others wait, within their deadline. `None`: no limit.
    pub concurrent_max: Option<usize>,
    /// The address of `localhost`, whatever the machine says.
    pub localhost: Option<SocketAddr>,
    /// The value of `User-Agent`; `passavant/VERSION` if empty.
    pub user_agent: &'static str,
}

impl ReqwestFetch {
    /// A client with the platform's trusted certificates.
    ///
    /// # Errors
    ///
    /// A message if TLS can't be set up, as on a machine without certificates.
    pub fn new() -> Result<Self, String> {
        Self::with_tls(&ClientTls::new())
    }

    /// A client with a certificate of its own, or with authorities that the platform does not know.
    ///
    /// # Errors
    ///
    /// A message if a PEM text does not hold what it should, and as [`ReqwestFetch::new`].
    pub fn with_tls(tls: &ClientTls) -> Result<Self, String> {
        let fetch = Self::deferred(ClientSettings { tls: tls.clone(), ..ClientSettings::default() });
        fetch.client(false).and_then(|_| fetch.client(true)).map_err(|error| described(&error))?;
        Ok(fetch)
    }

    /// A client that is set up by its first request, since reading the platform's certificates takes a while. If that
    /// fails, so does the request.
    pub fn deferred(settings: ClientSettings) -> Self {
        let running = settings.concurrent_max.map(Semaphore::new);
        Self(Arc::new(Inner { settings, running, elsewhere: OnceLock::new(), here: OnceLock::new() }))
    }

    fn client(&self, is_here: bool) -> Result<&Client, reqwest::Error> {
        let made = if is_here { &self.0.here } else { &self.0.elsewhere };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let client = self.0.settings.build(is_here)?;
        Ok(made.get_or_init(|| client))
    }

    async fn exchange(
        &self,
        request: Request<Bytes>,
        bytes_max: usize,
    ) -> Result<Response<Bytes>, FetchError> {
        let forbidden = || FetchError::Forbidden(request.uri().to_string());
        if let Some(named_by) = self.0.settings.named_by {
            named_by.check(&request.uri().to_string()).map_err(|_| forbidden())?;
        }
        let _permit = match &self.0.running {
            Some(running) => Some(running.acquire().await.map_err(|_| FetchError::Timeout)?),
            None => None,
        };
        let is_here = request.uri().host().is_some_and(is_loopback);
        let client = self.client(is_here).map_err(|error| unreachable(&error))?;
        send(client, request, bytes_max).await
    }
}

#[async_trait]
impl Fetch for ReqwestFetch {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, FetchError> {
        let exchange = self.exchange(request, limits.bytes_max);
        tokio::time::timeout(limits.deadline, exchange).await.unwrap_or(Err(FetchError::Timeout))
    }
}

impl fmt::Debug for ReqwestFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestFetch")
    }
}

impl ClientSettings {
    fn build(&self, is_here: bool) -> Result<Client, reqwest::Error> {
        let user_agent = match self.user_agent {
            "" => concat!("passavant/", env!("CARGO_PKG_VERSION")),
            given => given,
        };
        let mut client = Client::builder().redirect(Policy::none()).user_agent(user_agent);
        if let Some(pem) = &self.tls.certificate {
            client = client.identity(Identity::from_pem(pem.as_bytes())?);
        }
        if let Some(pem) = &self.tls.authorities {
            client = client.tls_certs_merge(Certificate::from_pem_bundle(pem.as_bytes())?);
        }
        if self.tls.is_unused {
            client = client.tls_certs_only([]);
        }
        if let Some(address) = self.localhost {
            client = client.resolve("localhost", address);
        }
        let is_strangers = self.named_by == Some(NamedBy::Stranger);
        if is_strangers {
            client = client.dns_resolver(Arc::new(PublicAddresses));
        }
        if is_here || is_strangers { client.no_proxy().build() } else { client.build() }
    }
}

/// Resolves host names, and drops the special-use addresses that they have.
struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(format!("{} has no public address", name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    !is_special_use(address)
}

/// What a [`ReqwestFetch`] presents and trusts in TLS, beside the platform's authorities. `Debug` shows no key.
#[derive(Clone, Default)]
pub struct ClientTls {
    certificate: Option<Zeroizing<String>>,
    authorities: Option<String>,
    is_unused: bool,
}

impl ClientTls {
    /// Presents nothing, and trusts the platform's authorities.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts no authority, for a client that only uses plain http to this machine: no certificates are read, so that
    /// none need to be installed.
    pub fn unused() -> Self {
        Self { is_unused: true, ..Self::default() }
    }

    /// Presents this certificate chain, with its private key (RFC 8705 §2): one PEM text of both, the leaf first.
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
        shown.field("has_authorities", &self.authorities.is_some()).finish_non_exhaustive()
    }
}

/// One request; the body is read no further than its limit.
async fn send(
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each connection with this text, and then waits until the peer goes. Returns its port.
    async fn peer(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.read(&mut request).await;
                });
            }
        });
        port
    }

    fn operators(issuer: &str) -> ReqwestFetch {
        let named_by = Some(NamedBy::operator_of(issuer));
        ReqwestFetch::deferred(ClientSettings {
            tls: ClientTls::unused(),
            named_by,
            concurrent_max: Some(4),
            ..ClientSettings::default()
        })
    }

    async fn get(fetch: &ReqwestFetch, url: &str) -> Result<(u16, Bytes), FetchError> {
        let limits = FetchLimits { deadline: Duration::from_millis(200), bytes_max: 8 };
        let request = Request::get(url).body(Bytes::new()).expect("a request");
        let answer = fetch.fetch(request, limits).await?;
        Ok((answer.status().as_u16(), answer.into_body()))
    }

    #[tokio::test]
    async fn body_over_its_limit_is_not_fetched() {
        let fetch = operators("http://localhost:4000");
        let port = peer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        let found = get(&fetch, &format!("http://127.0.0.1:{port}/jwks")).await;
        assert_eq!(found, Ok((200, Bytes::from_static(b"{}"))));
        let port = peer("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789").await;
        let found = get(&fetch, &format!("http://127.0.0.1:{port}/jwks")).await;
        assert_eq!(found, Err(FetchError::TooLarge));
    }

    #[tokio::test]
    async fn redirect_is_not_followed_and_a_silent_peer_times_out() {
        let fetch = operators("http://localhost:4000");
        let port =
            peer("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
        let found = get(&fetch, &format!("http://127.0.0.1:{port}/jwks")).await;
        assert_eq!(found.map(|(status, _)| status), Ok(302));
        let port = peer("").await;
        assert_eq!(get(&fetch, &format!("http://127.0.0.1:{port}/jwks")).await, Err(FetchError::Timeout));
    }

    #[tokio::test]
    async fn disallowed_operator_urls_are_not_fetched() {
        let port = peer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        let url = format!("http://127.0.0.1:{port}/jwks");
        let live = operators("https://id.example.org");
        assert_eq!(get(&live, &url).await, Err(FetchError::Forbidden(url)));
    }

    #[tokio::test]
    async fn localhost_resolves_as_configured() {
        let port = peer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        let fetch = ReqwestFetch::deferred(ClientSettings {
            tls: ClientTls::unused(),
            localhost: Some(SocketAddr::from(([127, 0, 0, 1], port))),
            ..ClientSettings::default()
        });
        assert_eq!(
            get(&fetch, &format!("http://localhost:{port}/")).await.map(|(status, _)| status),
            Ok(200)
        );
    }

    /// A name is looked up before anything is sent: one that leads to this machine is not connected to.
    #[tokio::test]
    async fn untrusted_host_names_connect_only_to_public_addresses() {
        let stranger = ClientSettings { named_by: Some(NamedBy::Stranger), ..ClientSettings::default() };
        let resolved = |name: &str| PublicAddresses.resolve(name.parse().expect("a name"));
        let error = resolved("localhost").await.err().expect("no address is public");
        assert_eq!(error.to_string(), "localhost has no public address");
        assert!(resolved("1.1.1.1").await.is_ok());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        // The client is the one that such settings make; only the check of the text is skipped.
        let client = stranger.build(false).expect("a client");
        let url = format!("https://localhost:{port}/jwks");
        let found = client.get(&url).send().await.expect_err("refused");
        assert_eq!(described(&found), "localhost has no public address");
        let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(connected.is_err(), "there is no connection");
        let found = get(&ReqwestFetch::deferred(stranger), &url).await;
        assert_eq!(found, Err(FetchError::Forbidden(url)));
    }
}
