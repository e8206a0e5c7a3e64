//! The memory left by a million distinct tokens: caches must be bounded.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use passavant_resource::{Fetch, FetchError, FetchLimits, Guard, Mode};

use crate::AUDIENCE;
use crate::route::{Route as _, handler};

/// The number of distinct tokens.
const TOKENS: usize = 1_000_000;
const ANSWER: &[u8] =
    br#"{"active":true,"sub":"248289761001","client_id":"shop","scope":"notes.read notes.write",
    "username":"alice","iss":"https://id.example","aud":"https://notes.example","token_type":"Bearer"}"#;

/// Answers every introspection at once, since the network is not measured here.
struct Server;

#[async_trait]
impl Fetch for Server {
    async fn fetch(&self, _: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, FetchError> {
        let answer = Response::builder().header(CONTENT_TYPE, "application/json");
        Ok(answer.body(Bytes::from_static(ANSWER)).expect("an answer"))
    }
}

/// Growth of the resident memory, in bytes.
pub(crate) async fn of_a_million_tokens() -> anyhow::Result<i64> {
    let guard = Guard::builder("https://id.example", AUDIENCE).mode(Mode::Introspection);
    let guard = guard.introspect("notes-rs", "secret").introspection_url("https://id.example/introspect");
    let guard = guard.fetch(Arc::new(Server)).build()?;
    let mut app = axum::Router::new().route("/notes", axum::routing::get(handler)).layer(guard.layer());
    let before = resident()?;
    for number in 0..TOKENS {
        let status = app.call(&format!("{number:043}")).await;
        anyhow::ensure!(status == 200, "status {status}");
    }
    Ok(resident()? - before)
}

fn resident() -> anyhow::Result<i64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kilobytes: i64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}
