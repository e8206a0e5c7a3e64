//! Claims as a type of the handler, and extractors without a layer.

use http::{Extensions, Request};
use passavant_resource::extract::Claims;
use passavant_resource::{Reason, Token};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::support::{Log, World};

#[derive(Debug, Deserialize, PartialEq)]
struct Member {
    sub: String,
    level: u8,
}

/// What a service behind the layer of a guard finds in its request.
async fn accepted(world: &World, claims: Value) -> Extensions {
    let (sender, receiver) = std::sync::mpsc::channel();
    let inner = KeepExtensions(sender);
    let token = format!("Bearer {}", world.jwt(claims));
    let request = Request::get("/").header("authorization", token).body(()).expect("a request");
    world.guard().layer().layer(inner).call(request).await.expect("infallible");
    receiver.recv().expect("it was let through")
}

#[derive(Clone)]
struct KeepExtensions(std::sync::mpsc::Sender<Extensions>);

impl tower_service::Service<Request<()>> for KeepExtensions {
    type Response = http::Response<http_body_util::Full<bytes::Bytes>>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        self.0.send(request.into_parts().0.extensions).expect("somebody waits");
        std::future::ready(Ok(http::Response::default()))
    }
}

#[tokio::test]
async fn claims_are_read_into_the_type_of_the_handler() {
    let world = World::new();
    let Claims(member) =
        Claims::<Member>::of(&accepted(&world, json!({"level": 7})).await).expect("they fit");
    assert_eq!(member, Member { sub: "u-1".to_owned(), level: 7 });
}

#[tokio::test]
async fn claims_that_do_not_fit_are_refused_and_in_no_log() {
    let world = World::new();
    for level in [json!(null), json!("private"), json!(256), json!([7])] {
        let extensions = accepted(&world, json!({ "level": level })).await;
        let log = Log::listen();
        let denied = Claims::<Member>::of(&extensions).expect_err("they do not fit");
        assert_eq!((denied.reason(), denied.status().as_u16()), (Reason::ClaimMalformed, 401), "{level}");
        assert!(denied.challenge().is_some());
        assert!(log.text().contains("Member") && !log.text().contains("private"), "{}", log.text());
    }
}

#[test]
fn an_extractor_without_a_layer_refuses_and_says_why() {
    for look in [
        |extensions: &Extensions| Token::of(extensions).map(drop),
        |extensions: &Extensions| Token::optional_of(extensions).map(drop),
        |extensions: &Extensions| Claims::<Member>::of(extensions).map(drop),
    ] {
        let log = Log::listen();
        let denied = look(&Extensions::new()).expect_err("nothing was checked");
        assert_eq!((denied.reason(), denied.status().as_u16()), (Reason::GuardMissing, 500));
        assert!(log.text().contains("no guard covers"));
    }
}

#[cfg(feature = "axum")]
mod in_axum {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;

    use super::*;

    async fn level(Claims(member): Claims<Member>) -> String {
        format!("{} {}", member.sub, member.level)
    }

    async fn status(app: &Router, token: &str) -> u16 {
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let request = request.body(Body::empty()).expect("a request");
        app.clone().call(request).await.expect("infallible").status().as_u16()
    }

    #[tokio::test]
    async fn claims_are_an_extractor() {
        let world = World::new();
        let app = Router::new().route("/", get(level)).route_layer(world.guard().layer());
        assert_eq!(status(&app, &world.jwt(json!({"level": 7}))).await, 200);
        assert_eq!(status(&app, &world.jwt(json!({"level": "7"}))).await, 401);
    }

    #[tokio::test]
    async fn claims_on_a_route_without_a_guard_are_refused() {
        let (world, log) = (World::new(), Log::listen());
        let app = Router::new().route("/", get(level));
        assert_eq!(status(&app, &world.jwt(json!({"level": 7}))).await, 500);
        assert!(log.text().contains("no guard covers"));
    }
}
