//! A redirect URI on this machine to which a browser brings an authorization response (RFC 8252 §7.3).

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use serving::{Exchange, Handler, Listener, Places};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    time::timeout,
};

use crate::relying_party::AuthorizationResponse;

/// Seconds for the page to reach the browser.
const DRAIN_SECONDS_MAX: u64 = 1;

const DONE: &str =
    "<!doctype html><html lang=\"en\"><title>Done</title><p>Done. Go back to the terminal.</p></html>";

/// Listens on a loopback port for one authorization response.
#[derive(Debug)]
pub struct CallbackListener {
    socket: TcpListener,
    address: SocketAddr,
    path: String,
}

impl CallbackListener {
    /// Listens; port 0 takes any free one.
    ///
    /// # Errors
    /// The operating system's, with the address.
    pub async fn open(port: u16, path: &str) -> io::Result<Self> {
        let socket = serving::bind((Ipv4Addr::LOCALHOST, port).into()).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, path: path.to_owned() })
    }

    /// The redirect URI that leads here.
    pub fn redirect_uri(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }

    /// Waits for the response. Whatever else a browser asks for, such as an icon, is not found. `None` where the
    /// listener breaks.
    pub async fn wait(self) -> Option<AuthorizationResponse> {
        let (sender, mut arrived) = mpsc::channel(1);
        let handler = Callback { path: self.path.into(), sender };
        let (stop, stopped) = watch::channel(false);
        let listener = Listener { socket: self.socket, handler, places: Places::management(), tls: None };
        let mut serving = tokio::spawn(serving::serve(vec![listener], stopped));
        let response = arrived.recv().await;
        stop.send_replace(true);
        // A browser also opens connections that it may never use.
        let _ = timeout(Duration::from_secs(DRAIN_SECONDS_MAX), &mut serving).await;
        response
    }
}

/// Answers the browser, and hands the response on.
#[derive(Clone)]
struct Callback {
    path: Arc<str>,
    sender: mpsc::Sender<AuthorizationResponse>,
}

impl Handler for Callback {
    const IS_PROXY: bool = false;
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>, _exchange: Exchange) -> Response<Full<Bytes>> {
        let arrived = arrived(&request, &self.path);
        let (status, body) = match arrived {
            Some(_) => (StatusCode::OK, DONE),
            None => (StatusCode::NOT_FOUND, ""),
        };
        let mut answer = Response::new(Full::from(body));
        *answer.status_mut() = status;
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CONNECTION, "close"),
        ] {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Some(response) = arrived {
            // Only the first one counts.
            let _ = self.sender.try_send(response);
        }
        answer
    }
}

/// The response in a request, if it is a GET of this path with a code or an error.
fn arrived<B>(request: &Request<B>, path: &str) -> Option<AuthorizationResponse> {
    if request.method() != Method::GET || request.uri().path() != path {
        return None;
    }
    let response = AuthorizationResponse::parse(request.uri().query()?)?;
    (response.code.is_some() || response.error.is_some()).then_some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_to_the_redirect_uri_is_one() {
        let read = |method: Method, target: &str| {
            arrived(&Request::builder().method(method).uri(target).body(()).expect("a request"), "/callback")
        };
        let target = "/callback?code=a%2Bb&state=s&iss=https%3A%2F%2Fid.example";
        let found = read(Method::GET, target).expect("it is");
        assert_eq!(found.code.as_deref(), Some("a+b"));
        assert_eq!(found.iss.as_deref(), Some("https://id.example"));
        let refused = read(Method::GET, "/callback?error=access_denied&state=s").expect("it is");
        assert_eq!((refused.code, refused.error.as_deref()), (None, Some("access_denied")));
        for other in
            ["/favicon.ico", "/callback", "/callback?state=s", "/other?code=a", "/callback?code=a&code=b"]
        {
            assert_eq!(read(Method::GET, other), None, "{other}");
        }
        assert_eq!(read(Method::POST, "/callback?code=a"), None);
    }

    #[tokio::test]
    async fn the_first_response_ends_the_wait_though_a_browser_keeps_a_connection_open() {
        let listener = CallbackListener::open(0, "/callback").await.expect("a port");
        let (address, uri) = (listener.address, listener.redirect_uri());
        let waiting = tokio::spawn(listener.wait());
        let _silent = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let icon = client.get(format!("http://{address}/favicon.ico")).send().await.expect("an answer");
        assert_eq!(icon.status(), 404);
        let answer = client.get(format!("{uri}?code=c&state=s")).send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), &*answer.text().await.expect("a page")), (200, DONE));
        let response = waiting.await.expect("it ends").expect("a response");
        assert_eq!((response.code.as_deref(), response.state.as_deref()), (Some("c"), Some("s")));
    }
}
