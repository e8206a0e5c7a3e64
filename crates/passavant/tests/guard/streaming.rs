//! Long bodies flow through and are never held.

use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;

use super::{
    place::{Place, flow},
    upstream::{Upstream, Zeros},
};

const BODY_BYTES: u64 = 1024 * 1024 * 1024;
/// What a guard may hold more than before, in bytes, while such a body flows.
const MEMORY_BYTES_MAX: u64 = 16 * 1024 * 1024;

async fn length(mut body: Incoming) -> u64 {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.expect("a whole body").data_ref().map_or(0, |data| data.len() as u64);
    }
    length
}

#[tokio::test]
async fn gigabyte_is_streamed_in_bounded_memory_in_both_directions() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = format!("Bearer {}", place.token().await);
    let request = Request::get("/x").header("host", "a").header("authorization", &token);
    let warm = flow(place.address(), request.body(Empty::<bytes::Bytes>::new()).expect("a request")).await;
    assert_eq!(warm.status(), 200);
    let before = place.guard.memory_peak();

    let request = Request::post("/x").header("host", "a").header("authorization", &token);
    let up = flow(place.address(), request.body(Zeros::new(BODY_BYTES)).expect("a request")).await;
    let seen = up.into_body().collect().await.expect("a body").to_bytes();
    assert!(String::from_utf8_lossy(&seen).contains(&format!(r#""length":{BODY_BYTES}"#)));

    let request =
        Request::get(format!("/zeros/{BODY_BYTES}")).header("host", "a").header("authorization", &token);
    let down = flow(place.address(), request.body(Empty::<bytes::Bytes>::new()).expect("a request")).await;
    assert_eq!(length(down.into_body()).await, BODY_BYTES);

    let grown = place.guard.memory_peak() - before;
    eprintln!("memory grew by {} KiB at most", grown / 1024);
    assert!(grown < MEMORY_BYTES_MAX, "{grown} bytes");
}
