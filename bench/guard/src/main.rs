//! The CPU time that a guard adds to a request, compared with a raw signature check and with released versions of
//! other guards, in one run.
//!
//! Everything happens in one thread and in one process, without sockets between client and API, so the figure is the
//! guard's own: a protected route and the same route unprotected are called alternately. The authorization server is
//! real HTTP on loopback in other threads, whose time is not counted.

mod clock;
mod huskarl;
mod jwt_authorizer;
mod memory;
mod oauth_resource_server;
mod ours;
mod raw;
mod route;
mod tokens;

use std::future::Future;

use anyhow::Context as _;
use passavant_testkit::Authority;

use clock::Turns;
use route::Route;
use tokens::Tokens;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The audience of all tokens.
pub(crate) const AUDIENCE: &str = "https://notes.example";
/// Rounds of each measurement; the median counts.
const ROUNDS: usize = 5;
/// Requests of a round with a cached token.
const REPEATED: usize = 40_000;
/// Requests of a round whose token is new.
const NEW: usize = 10_000;

/// Budget for a request with a cached token, in microseconds.
const CACHED_MICROS_MAX: f64 = 1.0;
/// Budget for a new ES256 JWT, as a ratio to its raw signature check.
const NEW_RATIO_MAX: f64 = 1.1;
/// Budget for the memory left by a million distinct tokens, in bytes.
const MEMORY_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// A row of the table: µs that a guard adds to a request, `None` if it does not support the case.
struct Row {
    guard: &'static str,
    repeated_jwt: Option<f64>,
    new_jwt: Option<f64>,
    repeated_introspection: Option<f64>,
    new_introspection: Option<f64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let authority = Authority::start();
    let tokens = Tokens { authority: &authority };
    let raw = raw::check(&tokens).await?;
    let exchange = raw::exchange(&tokens).await?;
    let ours = ours::row(&tokens).await.context("ours")?;
    let rows = [
        &ours,
        &huskarl::row(&tokens).await.context("huskarl")?,
        &oauth_resource_server::row(&tokens).await.context("oauth_resource_server")?,
        &jwt_authorizer::row(&tokens).await.context("jwt_authorizer")?,
    ];
    println!("µs of CPU that each adds to a request; medians of {ROUNDS} rounds");
    println!("a raw ES256 check takes {raw:.1}, a raw request to the introspection endpoint {exchange:.1}\n");
    println!(
        "| guard | JWT seen before | new JWT | new JWT / raw check | introspected before | introspected now |"
    );
    println!("|---|---|---|---|---|---|");
    for row in rows {
        let ratio = row.new_jwt.map(|micros| micros / raw);
        let cells = [row.repeated_jwt, row.new_jwt, ratio, row.repeated_introspection, row.new_introspection];
        let cells = cells.map(|cell| cell.map_or("-".to_owned(), |value| format!("{value:.2}")));
        println!("| {} | {} |", row.guard, cells.join(" | "));
    }
    let growth = memory::of_a_million_tokens().await?;
    println!("\na million distinct tokens leave {:.1} MB", growth as f64 / 1e6);
    judge(&ours, raw, growth)
}

fn judge(ours: &Row, raw: f64, growth: i64) -> anyhow::Result<()> {
    let mut over = Vec::new();
    for (name, cached) in [("JWT", ours.repeated_jwt), ("introspection", ours.repeated_introspection)] {
        let cached = cached.unwrap_or(f64::INFINITY);
        if cached > CACHED_MICROS_MAX {
            over.push(format!("a cached {name} adds {cached:.2} µs, budget {CACHED_MICROS_MAX}"));
        }
    }
    let ratio = ours.new_jwt.unwrap_or(f64::INFINITY) / raw;
    if ratio > NEW_RATIO_MAX {
        over.push(format!("a new JWT costs {ratio:.2} of the raw check, budget {NEW_RATIO_MAX}"));
    }
    if growth > MEMORY_BYTES_MAX {
        over.push(format!("a million tokens leave {growth} bytes, budget {MEMORY_BYTES_MAX}"));
    }
    anyhow::ensure!(over.is_empty(), "over budget: {}", over.join("; "));
    Ok(())
}

/// The overhead of a cached token.
async fn repeated<R: Route>(guarded: R, bare: R, token: &str) -> anyhow::Result<f64> {
    let tokens = vec![token.to_owned(); REPEATED];
    let mut turns = Turns::default();
    added(&mut turns, guarded.clone(), bare.clone(), &tokens[..64]).await?;
    turns = Turns::default();
    for _ in 0..ROUNDS {
        added(&mut turns, guarded.clone(), bare.clone(), &tokens).await?;
    }
    Ok(turns.median())
}

/// The overhead of a new token, made by `mint`.
async fn new<R: Route>(guarded: R, bare: R, mint: impl Fn() -> String) -> anyhow::Result<f64> {
    let mut turns = Turns::default();
    for round in 0..=ROUNDS {
        let tokens: Vec<String> = (0..NEW).map(|_| mint()).collect();
        added(&mut turns, guarded.clone(), bare.clone(), &tokens).await?;
        if round == 0 {
            turns = Turns::default();
        }
    }
    Ok(turns.median())
}

/// One round of each, the unprotected route first.
async fn added<R: Route>(turns: &mut Turns, guarded: R, bare: R, tokens: &[String]) -> anyhow::Result<()> {
    let without = clock::per_item(tokens.len(), calls(bare, tokens)).await?;
    let with = clock::per_item(tokens.len(), calls(guarded, tokens)).await?;
    turns.push(with - without);
    Ok(())
}

fn calls<R: Route>(mut route: R, tokens: &[String]) -> impl Future<Output = anyhow::Result<()>> {
    async move {
        for token in tokens {
            let status = route.call(token).await;
            anyhow::ensure!(status == 200, "status {status}");
        }
        Ok(())
    }
}
