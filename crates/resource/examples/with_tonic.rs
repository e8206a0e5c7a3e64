//! A protected gRPC service with tonic, configured by `PASSAVANT_*` (see `Guard::from_env`) and `LISTEN`. It is
//! written by hand instead of generated from a `.proto` file, so that no protobuf compiler is needed.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use passavant_resource::{Guard, Token};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower_service::Service;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let guard = Guard::from_env()?;
    let listener = TcpListener::bind(listen()).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let server = Server::builder().layer(guard.require("notes.read").tonic()).add_service(Notes);
    server.serve_with_incoming(TcpIncoming::from(listener)).await?;
    Ok(())
}

/// `rpc Read(google.protobuf.Empty) returns (google.protobuf.StringValue)`: the handler.
struct Read;

impl UnaryService<()> for Read {
    type Response = String;
    type Future = Ready<Result<Response<String>, Status>>;

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let token = Token::of(request.extensions()).map_err(Status::from);
        ready(token.map(|token| Response::new(format!("notes of {}", token.subject()))))
    }
}

/// `service Notes` of the package `example`, as a generated server dispatches its calls.
#[derive(Clone)]
struct Notes;

impl NamedService for Notes {
    const NAME: &'static str = "example.Notes";
}

impl Service<http::Request<Body>> for Notes {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        match request.uri().path() {
            "/example.Notes/Read" => {
                async move { Ok(Grpc::new(ProstCodec::<String, ()>::default()).unary(Read, request).await) }
                    .boxed()
            }
            _ => ready(Ok(Status::unimplemented("there is no such call").into_http())).boxed(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "LISTEN is this example's one own setting")]
fn listen() -> String {
    std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:4100".to_owned())
}
