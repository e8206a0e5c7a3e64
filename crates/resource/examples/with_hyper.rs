//! A protected API with plain hyper and the guard as a `tower` layer, configured by `PASSAVANT_*` (see
//! `Guard::from_env`) and `LISTEN`.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use passavant_resource::{Denied, Guard, Token};
use tokio::net::TcpListener;
use tower_layer::Layer as _;
use tower_service::Service;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let guard = Guard::from_env()?;
    let listener = TcpListener::bind(listen()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let service = guard.require("notes.read").layer(Notes);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// The service behind the guard: any service of `http` requests.
#[derive(Clone)]
struct Notes;

impl Service<Request<Incoming>> for Notes {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        ready(Ok(read(&request).unwrap_or_else(|denied| denied.response())))
    }
}

fn read(request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Denied> {
    let token = Token::of(request.extensions())?;
    Ok(Response::new(Full::from(format!("notes of {}", token.subject()))))
}

#[expect(clippy::disallowed_methods, reason = "LISTEN is this example's one own setting")]
fn listen() -> String {
    std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:4100".to_owned())
}
