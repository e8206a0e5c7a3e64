//! The lower bounds: one ES256 signature check by the library that we use, with a parsed key; and one request to the
//! introspection endpoint whose response is ignored.

use anyhow::Context as _;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::{self, Turns};
use crate::tokens::Tokens;
use crate::{NEW, ROUNDS};

/// Microseconds for one check.
pub(crate) async fn check(tokens: &Tokens<'_>) -> anyhow::Result<f64> {
    let keys = tokens.authority.jwks();
    let key = keys["keys"].as_array().and_then(|keys| keys.iter().find(|key| key["kty"] == "EC"));
    let key = key.context("an EC key")?;
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap_or_default());
    let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)?;
    let mut turns = Turns::default();
    for _ in 0..ROUNDS {
        let tokens: Vec<(String, Vec<u8>)> =
            (0..NEW).map(|_| parts(&tokens.jwt())).collect::<Result<_, _>>()?;
        let checks = async {
            tokens.iter().try_for_each(|(input, signature)| key.verify_sig(input.as_bytes(), signature))?;
            Ok(())
        };
        turns.push(clock::per_item(NEW, checks).await?);
    }
    Ok(turns.median())
}

fn parts(token: &str) -> anyhow::Result<(String, Vec<u8>)> {
    let (input, signature) = token.rsplit_once('.').context("a JWS")?;
    Ok((input.to_owned(), URL_SAFE_NO_PAD.decode(signature)?))
}

/// Microseconds for one request to the introspection endpoint.
pub(crate) async fn exchange(tokens: &Tokens<'_>) -> anyhow::Result<f64> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/introspect", tokens.authority.issuer());
    let mut turns = Turns::default();
    for round in 0..=ROUNDS {
        let tokens: Vec<String> = (0..NEW).map(|_| tokens.opaque()).collect();
        let exchanges = async {
            for token in &tokens {
                let request = client.post(&url).basic_auth("notes-rs", Some("secret"));
                let form = request.header("content-type", "application/x-www-form-urlencoded");
                let answer = form.body(format!("token={token}")).send().await?;
                anyhow::ensure!(answer.status() == 200, "status {}", answer.status());
                answer.bytes().await?;
            }
            Ok(())
        };
        let micros = clock::per_item(NEW, exchanges).await?;
        if round > 0 {
            turns.push(micros);
        }
    }
    Ok(turns.median())
}
