//! `key ..`: the keys that sign tokens, and the one that seals them.

use std::path::{Path, PathBuf};

use admin::{Administration, operations::RotateKeys};
use jose::SignatureAlgorithm;
use serde_json::{Value, json};
use server::{
    ports::{Entropy as _, SystemEntropy},
    store::KeyRecord,
};
use zeroize::Zeroizing;

use crate::{
    global::Global,
    terminal::{Exit, Failure, Format, Layout, failed, output, say},
    wiring::master_key,
};

const LAYOUT: Layout =
    Layout { quiet: &["kid"], columns: &["kid", "alg", "state", "created_at", "retired_at"] };

/// Commands for keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the signing keys
    List,
    /// Generate a new signing key; the previous one stays published until its signatures have expired
    Rotate {
        /// Algorithm, such as ES256 or EdDSA; without one, every algorithm that signs now
        #[arg(long, value_parser = parse_algorithm)]
        alg: Option<SignatureAlgorithm>,
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
        Command::Rotate { alg } => rotate(&global.administration().await?, alg, global.format).await?,
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
    output::list(format, &LAYOUT, &keys.iter().map(record).collect::<Vec<_>>())
}

async fn rotate(
    administration: &Administration,
    algorithm: Option<SignatureAlgorithm>,
    format: Format,
) -> Result<(), Failure> {
    let keys = RotateKeys { algorithm }.run(administration).await?;
    output::list(format, &LAYOUT, &keys.iter().map(record).collect::<Vec<_>>())
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

/// A signing key, without its private half.
fn record(key: &KeyRecord) -> Value {
    json!({
        "kid": &key.kid,
        "alg": key.algorithm.as_str(),
        "state": key.state.as_str(),
        "created_at": key.created_at.0,
        "retired_at": key.retired_at.map(|at| at.0),
    })
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
