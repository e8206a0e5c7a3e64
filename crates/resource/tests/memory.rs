//! Memory stays bounded whatever the authorization server answers. A process of its own, since the test measures its
//! memory.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use passavant_resource::{Fetch, FetchError, FetchLimits, Guard};

/// Number of tokens, each of which would take a megabyte if it were cached.
const TOKENS: usize = 1_000;
/// Bytes by which the process may grow: the limit of the cache, one answer that is being read, and what the allocator
/// does not release.
const GROWTH_MAX: u64 = 96 * 1024 * 1024;

/// Reports every token as active, in sixty kilobytes of JSON that take a megabyte once parsed.
struct Swelling {
    answer: Bytes,
    asked: AtomicUsize,
}

#[async_trait]
impl Fetch for Swelling {
    async fn fetch(&self, _: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, FetchError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(self.answer.clone()))
    }
}

/// The memory of the process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    let kilobytes: u64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
    kilobytes * 1024
}

#[tokio::test]
async fn answers_that_swell_do_not_fill_the_memory() {
    let answer = format!(r#"{{"active":true,"a":[{}0]}}"#, "0,".repeat(30_000));
    let server = Arc::new(Swelling { answer: answer.into(), asked: AtomicUsize::new(0) });
    let guard = Guard::builder("https://id.example", "https://notes.example")
        .introspect("notes-rs", "a-secret-of-22-characters")
        .introspection_url("https://id.example/introspect")
        .fetch(server.clone())
        .build()
        .expect("a guard");
    let before = resident();
    for number in 0..TOKENS {
        let request = Request::get("/").header(AUTHORIZATION, format!("Bearer t{number}"));
        let head = request.body(()).expect("a request").into_parts().0;
        assert!(guard.check(&head).await.is_ok());
    }
    let growth = resident().saturating_sub(before);
    assert_eq!(server.asked.load(Ordering::SeqCst), TOKENS);
    assert!(growth < GROWTH_MAX, "{growth} bytes");
}
