//! What a guard costs a request, in CPU time: a repeated token, and a new JWT beside the bare signature check.
//!
//! ```text
//! cargo run --release -p passavant-resource --example guard_cost
//! ```
//!
//! There is no network: the authorization server is a port that answers from memory. Linux only, since it reads the
//! CPU time of its one thread from `/proc`.
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Request, Response};
use jose::{SignatureAlgorithm, SigningKey, jws};
use passavant_resource::{Clock, Fetch, FetchError, FetchLimits, Guard, SystemClock};
use serde_json::json;

const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "https://notes.example";
/// How many new tokens are checked.
const NEW: usize = 20_000;
/// How often a token is checked again: the clock of CPU time is coarse.
const REPEATED: usize = 500_000;

/// Publishes one key, and says of every token that it is active.
struct Memory(Bytes);

#[async_trait]
impl Fetch for Memory {
    async fn fetch(&self, request: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, FetchError> {
        let answer = match request.uri().path() {
            "/jwks" => self.0.clone(),
            _ => {
                Bytes::from_static(br#"{"active":true,"scope":"notes.read","sub":"u-1","client_id":"shop"}"#)
            }
        };
        Ok(Response::new(answer))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = SigningKey::generate(SignatureAlgorithm::Es256)?;
    let public = key.public_jwk().ok_or("an EC key is public")?.to_value();
    let guard = Guard::builder(ISSUER, AUDIENCE)
        .introspect("notes-rs", "a-secret-of-22-characters")
        .jwks_url("https://id.example/jwks")
        .introspection_url("https://id.example/introspect")
        .required_scopes("notes.read")
        .fetch(Arc::new(Memory(json!({ "keys": [public] }).to_string().into())))
        .build()?;
    let tokens: Vec<_> = (0..NEW).map(|number| jwt(&key, number)).collect::<Result<_, _>>()?;
    let new: Vec<_> = tokens.iter().map(|token| head(token)).collect::<Result<_, _>>()?;
    let raw = raw_check(&key, &tokens)?;
    println!("bare ES256 signature check      {raw:7.2} µs");
    for (name, heads, times) in [
        ("new JWT", new, NEW),
        ("the same JWT again", vec![head(&jwt(&key, NEW)?)?], REPEATED),
        ("the same opaque token again", vec![head("opaque")?], REPEATED),
    ] {
        let spent = checks(&guard, &heads, times).await?;
        println!("{name:31} {spent:7.2} µs  {:5.2} of the signature check", spent / raw);
    }
    Ok(())
}

fn jwt(key: &SigningKey, number: usize) -> Result<String, Box<dyn Error>> {
    let now = SystemClock::default().now().0;
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "client_id": "shop", "jti": number.to_string(),
        "iat": now, "exp": now + 600, "scope": "notes.read notes.write",
    });
    let header = jws::Header { typ: Some("at+jwt".to_owned()), kid: Some(key.kid().to_owned()), cty: None };
    Ok(jws::sign(&header, claims.to_string().as_bytes(), key)?)
}

fn head(token: &str) -> Result<Parts, Box<dyn Error>> {
    let request = Request::get("/notes").header(AUTHORIZATION, format!("Bearer {token}"));
    Ok(request.body(())?.into_parts().0)
}

/// The CPU time of one signature check alone, in microseconds.
fn raw_check(key: &SigningKey, tokens: &[String]) -> Result<f64, Box<dyn Error>> {
    let verifying = key.verifying_key();
    let before = cpu_nanoseconds()?;
    for token in tokens {
        let (input, signature) = token.rsplit_once('.').ok_or("a JWS has dots")?;
        verifying.verify(input.as_bytes(), &jose::base64url::decode(signature)?)?;
    }
    microseconds(before, tokens.len())
}

/// The CPU time that the guard takes for one request, in microseconds. The answer is looked at, as a handler does.
async fn checks(guard: &Guard, heads: &[Parts], times: usize) -> Result<f64, Box<dyn Error>> {
    let before = cpu_nanoseconds()?;
    for head in heads.iter().cycle().take(times) {
        let token = guard.check(head).await?;
        if token.subject() != "u-1" {
            return Err("another subject".into());
        }
    }
    microseconds(before, times)
}

/// What one of so many took since then.
fn microseconds(before: u64, times: usize) -> Result<f64, Box<dyn Error>> {
    Ok((cpu_nanoseconds()? - before) as f64 / times as f64 / 1_000.0)
}

/// How long this thread has run on a processor.
fn cpu_nanoseconds() -> Result<u64, Box<dyn Error>> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(statistics.split(' ').next().ok_or("a number")?.parse()?)
}
