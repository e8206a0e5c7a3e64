//! `token decode`: the content of a JWT, which proves nothing, and whether a key of this server signed it.

use jose::{SigningKey, Unverified, VerifyingKey, base64url, json, limits};
use serde_json::{Value, json};
use server::store::KeyRecord;

use crate::{
    terminal::{Exit, Failure, Format, Layout, failed, output, say},
    wiring::Installation,
};

const LAYOUT: Layout =
    Layout { quiet: &["signature", "header", "claims"], columns: &["signature", "header", "claims"] };

/// Prints header and claims. Exit code 5 where no key of this server made the signature.
pub(super) async fn print(
    installation: Result<&Installation, &Failure>,
    token: &str,
    format: Format,
) -> Result<Exit, Failure> {
    let parts: Vec<&str> = token.split('.').collect();
    let header = part(parts.first().copied().unwrap_or_default())
        .ok_or_else(|| failed("not a JWT: an opaque token has no content, use token introspect"))?;
    let (verdict, claims) = match parts.len() {
        3 => (judge(installation, token).await?, part(parts[1]).unwrap_or_default()),
        5 => (Verdict::Encrypted, Value::Null),
        _ => return Err(failed("not a JWT: it has neither three parts nor five")),
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
            Self::Ours => "signed by a key of this server; use token introspect to see whether it is active",
            Self::NotOurs => "not signed by a key of this server: believe nothing in it",
            Self::Malformed => "not a valid JWT: believe nothing in it",
            Self::Encrypted => "encrypted: only its header is shown, and it is not authenticated",
            Self::NotAsked => {
                "the signature was not checked, since there is no installation here: believe nothing in it"
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

/// One part of a token as JSON, parsed leniently: what is shown here is not trusted.
fn part(text: &str) -> Option<Value> {
    if text.len() > limits::TOKEN_BYTES {
        return None;
    }
    json::value(&base64url::decode(text).ok()?).ok().filter(Value::is_object)
}
