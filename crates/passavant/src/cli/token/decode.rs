//! `token decode`: what stands in a JWT, which proves nothing, and whether one of our keys signed it.

use jose::{SigningKey, Unverified, VerifyingKey, base64url, json, limits};
use serde_json::{Value, json};
use server::store::KeyRecord;

use crate::{
    terminal::{Exit, Failure, Format, Layout, failed, output, say},
    wiring::Installation,
};

const LAYOUT: Layout =
    Layout { quiet: &["signature", "header", "claims"], columns: &["signature", "header", "claims"] };

/// Prints header and claims. Exit 5 where the signature is none of ours.
pub(super) async fn print(
    installation: Result<&Installation, &Failure>,
    token: &str,
    format: Format,
) -> Result<Exit, Failure> {
    let parts: Vec<&str> = token.split('.').collect();
    let header = part(parts.first().copied().unwrap_or_default())
        .ok_or_else(|| failed("this is no JWT: an opaque token says nothing, ask with token introspect"))?;
    let (verdict, claims) = match parts.len() {
        3 => (judge(installation, token).await?, part(parts[1]).unwrap_or_default()),
        5 => (Verdict::Encrypted, Value::Null),
        _ => return Err(failed("this is no JWT: it has neither three parts nor five")),
    };
    say(verdict.explanation());
    let record = json!({ "signature": verdict.slug(), "header": header, "claims": claims });
    output::one(format, &LAYOUT, &record)?;
    Ok(if verdict == Verdict::Ours || matches!(verdict, Verdict::NotAsked) { Exit::Ok } else { Exit::No })
}

/// What is known of the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ours,
    NotOurs,
    Malformed,
    Encrypted,
    NotAsked,
}

impl Verdict {
    const fn slug(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::NotOurs => "not_ours",
            Self::Malformed => "malformed",
            Self::Encrypted => "encrypted",
            Self::NotAsked => "not_asked",
        }
    }

    const fn explanation(self) -> &'static str {
        match self {
            Self::Ours => "one of our keys signed this; whether it is still good, token introspect says",
            Self::NotOurs => "none of our keys signed this: believe nothing that it says",
            Self::Malformed => "no strict reader takes this for a JWT: believe nothing that it says",
            Self::Encrypted => "this is encrypted: only its header can be read, and nothing vouches for it",
            Self::NotAsked => {
                "the signature was not looked at, since there is no installation here: believe nothing"
            }
        }
    }
}

async fn judge(installation: Result<&Installation, &Failure>, token: &str) -> Result<Verdict, Failure> {
    let Ok(unverified) = Unverified::parse(token) else { return Ok(Verdict::Malformed) };
    let installation = match installation {
        Ok(installation) => installation,
        Err(failure) => {
            say(failure);
            return Ok(Verdict::NotAsked);
        }
    };
    let records = installation.server.store().keys().await?;
    let named = |record: &&KeyRecord| unverified.kid().is_none_or(|kid| kid == record.kid);
    let is_ours = records
        .iter()
        .filter(named)
        .filter_map(|record| open(installation, record))
        .any(|key| unverified.clone().verify(&key).is_ok());
    Ok(if is_ours { Verdict::Ours } else { Verdict::NotOurs })
}

fn open(installation: &Installation, record: &KeyRecord) -> Option<VerifyingKey> {
    let private = installation.master.open(&record.kid, &record.sealed)?;
    Some(SigningKey::from_private_jwk(&private, record.algorithm).ok()?.verifying_key())
}

/// One part of a token as JSON, read loosely: what is shown here is not believed.
fn part(text: &str) -> Option<Value> {
    if text.len() > limits::TOKEN_BYTES {
        return None;
    }
    json::value(&base64url::decode(text).ok()?).ok().filter(Value::is_object)
}
