//! A protected API without framework and layer: one call of `guard.check` for the head of each request. Configured by
//! `PASSAVANT_*` (see `Guard::from_env`) and `LISTEN`.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use passavant_resource::{Denied, Guard};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let guard = Guard::from_env()?;
    let listener = TcpListener::bind(listen()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let guard = guard.clone();
        let service = service_fn(move |request| serve(guard.clone(), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn serve(guard: Guard, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, _body) = request.into_parts();
    Ok(read(&guard, &head).await.unwrap_or_else(|denied| denied.response()))
}

async fn read(guard: &Guard, head: &Parts) -> Result<Response<Full<Bytes>>, Denied> {
    let token = guard.check(head).await?;
    token.require("notes.read")?;
    Ok(Response::new(Full::from(format!("notes of {}", token.subject()))))
}

#[expect(clippy::disallowed_methods, reason = "LISTEN is this example's one own setting")]
fn listen() -> String {
    std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:4100".to_owned())
}
