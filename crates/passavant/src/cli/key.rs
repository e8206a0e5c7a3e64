//! `key ..`: the keys that sign tokens, and the one that seals them.

use std::path::{Path, PathBuf};

use admin::{
    Administration,
    operations::{DistrustKey, RotateKeys},
};
use jose::SignatureAlgorithm;
use serde_json::{Value, json};
use server::{
    JWKS_MAX_AGE_SECONDS, KeyDates, KeyStart,
    ports::{Entropy as _, SystemEntropy},
    store::{KeyRecord, KeyState},
};
use zeroize::Zeroizing;

use crate::{
    global::Global,
    terminal::{Exit, Failure, Format, Layout, failed, misused, output, say},
    wiring::master_key,
};

const LAYOUT: Layout = Layout {
    quiet: &["kid"],
    columns: &["kid", "alg", "state", "created_at", "active_at", "replaced_at", "retired_at", "deleted_at"],
};

/// Commands for keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the signing keys, with when each began to sign, is replaced, and is deleted
    List,
    /// Publish a new signing key, which signs ten minutes later, when every cached key set has it
    Rotate {
        /// Algorithm, such as ES256 or EdDSA; without one, every algorithm that signs now
        #[arg(long, value_parser = parse_algorithm)]
        alg: Option<SignatureAlgorithm>,
        /// Sign with the new key at once: verifiers may refuse tokens until they fetch the key set again
        #[arg(long)]
        now: bool,
    },
    /// Distrust a signing key: what it signed is not valid anymore, and another key signs in its place
    Retire {
        /// Key ID, as `key list` shows it
        // A thumbprint may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Do it at once. Required: otherwise a key retires by itself after `key rotate`
        #[arg(long)]
        now: bool,
    },
    /// Write a new master key; never overwrites one
    Master {
        /// File for the key; without one, it goes to standard output
        file: Option<PathBuf>,
    },
}

/// Runs a command. The master key needs no installation: it is made before there is one.
///
/// # Errors
/// [`Failure`] with its exit code.
pub(crate) async fn run(command: Command, global: &Global) -> Result<Exit, Failure> {
    match command {
        Command::List => list(&global.administration().await?, global.format).await?,
        Command::Rotate { alg, now } => {
            let start = if now { KeyStart::Now } else { KeyStart::Published };
            rotate(&global.administration().await?, alg, start, global.format).await?;
        }
        Command::Retire { kid, now: true } => {
            retire(&global.administration().await?, kid, global.format).await?
        }
        Command::Retire { kid, now: false } => {
            return Err(misused(format_args!(
                "a key retires by itself when its successor signs: run passavant key rotate. To distrust {kid} at \
                 once, with everything that it signed, add --now"
            )));
        }
        Command::Master { file: Some(file) } => write_master(&file)?,
        Command::Master { file: None } => {
            let mut key = Zeroizing::new([0; 32]);
            SystemEntropy.fill(&mut *key);
            output::print(&Zeroizing::new(format!("{}\n", jose::base64url::encode(&*key))))?;
        }
    }
    Ok(Exit::Ok)
}

async fn list(administration: &Administration, format: Format) -> Result<(), Failure> {
    let keys = administration.server.store().keys().await?;
    output::list(format, &LAYOUT, &records(administration, &keys).await?)
}

async fn rotate(
    administration: &Administration,
    algorithm: Option<SignatureAlgorithm>,
    start: KeyStart,
    format: Format,
) -> Result<(), Failure> {
    let keys = RotateKeys { algorithm, start }.run(administration).await?;
    let waiting = keys.iter().filter(|key| key.state == KeyState::Next);
    if let Some(at) = waiting.map(|key| key.active_at).max() {
        say(format_args!(
            "published; signing begins at {}, when every cached key set has been fetched anew. In an emergency, \
             --now signs at once",
            output::time(at.0),
        ));
    }
    output::list(format, &LAYOUT, &records(administration, &keys).await?)
}

async fn retire(administration: &Administration, kid: String, format: Format) -> Result<(), Failure> {
    let successor = DistrustKey { kid: kid.clone() }.run(administration).await?;
    say(format_args!(
        "deleted key {kid}: what it signed is not valid here anymore. APIs that verify tokens themselves accept it until \
         they fetch the key set again, {} minutes at most",
        JWKS_MAX_AGE_SECONDS / 60,
    ));
    let keys = Vec::from_iter(successor);
    output::list(format, &LAYOUT, &records(administration, &keys).await?)
}

fn write_master(file: &Path) -> Result<(), Failure> {
    master_key::write_new(file, &SystemEntropy).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => failed(format_args!(
            "{} is there already, and what was sealed under it can't be opened by another: nothing was written",
            file.display()
        )),
        _ => failed(format_args!("could not write {}: {error}", file.display())),
    })?;
    say(format_args!("wrote a master key to {}: keep a copy, for nothing opens without it", file.display()));
    Ok(())
}

/// Reads the name of an algorithm with a public key.
fn parse_algorithm(name: &str) -> Result<SignatureAlgorithm, String> {
    let known = SignatureAlgorithm::ALL.iter().filter(|algorithm| !algorithm.is_symmetric());
    let found = known.clone().find(|algorithm| algorithm.as_str() == name);
    found.copied().ok_or_else(|| {
        format!("one of {}", known.map(|algorithm| algorithm.as_str()).collect::<Vec<_>>().join(", "))
    })
}

/// Signing keys, without their private halves, and what comes next for each.
async fn records(administration: &Administration, shown: &[KeyRecord]) -> Result<Vec<Value>, Failure> {
    let server = &administration.server;
    let (all, interval) = (server.store().keys().await?, server.settings().key_rotation_interval);
    let record = |key: &KeyRecord| {
        let dates = KeyDates::of(key, &all, interval);
        json!({
            "kid": &key.kid,
            "alg": key.algorithm.as_str(),
            "state": key.state.as_str(),
            "created_at": key.created_at.0,
            "active_at": key.active_at.0,
            "replaced_at": dates.replaced_at.map(|at| at.0),
            "retired_at": key.retired_at.map(|at| at.0),
            "deleted_at": dates.deleted_at.map(|at| at.0),
        })
    };
    Ok(shown.iter().map(record).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_algorithms_with_a_public_key_sign_tokens() {
        assert_eq!(parse_algorithm("EdDSA"), Ok(SignatureAlgorithm::EdDsa));
        for bad in ["HS256", "none", "es256"] {
            assert!(parse_algorithm(bad).expect_err("none of them").contains("ES256"), "{bad}");
        }
    }
}
