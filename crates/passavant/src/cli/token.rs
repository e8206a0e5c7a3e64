//! `token ..`: inspects and revokes tokens.

mod decode;

use admin::{
    Administration,
    operations::{RevokeToken, Revoked},
};
use protocol::limits;
use serde_json::{Value, json};
use server::{Inactive, TokenKind, TokenState as Found, store::Access};
use zeroize::Zeroizing;

use crate::{
    global::Global,
    terminal::{Exit, Failure, Format, Layout, Source, output, say},
    wiring::Installation,
};

const LAYOUT: Layout = Layout { quiet: &["active", "reason"], columns: &["active", "reason"] };

/// Inspects and revokes tokens.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show whether a token is active and, if not, why (exit code 5)
    Introspect {
        /// Source of the token: - for standard input (the default), or @FILE
        source: Option<Source>,
    },
    /// Show header and claims of a JWT, and whether a key of this server signed it (exit code 5 if not)
    Decode {
        /// Source of the token: - for standard input (the default), or @FILE
        source: Option<Source>,
    },
    /// Revoke a token: an access token by itself, a refresh token with its grant
    Revoke {
        /// Source of the token: - for standard input (the default), or @FILE
        source: Option<Source>,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] with its exit code.
pub(crate) async fn run(command: Command, global: &Global) -> Result<Exit, Failure> {
    match command {
        Command::Introspect { source } => {
            let token = read(source)?;
            introspect(&global.installation().await?, &token, global.format).await
        }
        Command::Decode { source } => {
            let token = read(source)?;
            // Decoding needs no installation; without one, the signature is not checked.
            let installation = global.installation().await;
            decode::print(installation.as_ref(), &token, global.format).await
        }
        Command::Revoke { source } => {
            let token = read(source)?;
            revoke(&global.administration().await?, token).await
        }
    }
}

fn read(source: Option<Source>) -> Result<Zeroizing<String>, Failure> {
    let text = source.unwrap_or(Source::Stdin).read("a token", limits::TOKEN_BYTES_MAX)?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

async fn introspect(installation: &Installation, token: &str, format: Format) -> Result<Exit, Failure> {
    match installation.server.token_state(token).await? {
        Found::Inactive(why) => {
            output::one(format, &LAYOUT, &inactive(why))?;
            Ok(Exit::No)
        }
        Found::Active { access, kind, jti } => {
            let username = match &access.subject {
                Some(subject) => installation.directory.by_subject(subject).await?,
                None => None,
            };
            let mut record = active(&access, kind);
            let mut set = |name: &str, value: Option<&str>| value.map(|value| record[name] = value.into());
            set("jti", jti.as_ref().map(|jti| jti.as_str()));
            set("username", username.as_ref().map(|account| account.username.as_str()));
            output::one(format, &LAYOUT, &record)?;
            Ok(Exit::Ok)
        }
    }
}

/// A token by the names of RFC 7662 §2.2, and what only the operator may see.
fn active(access: &Access, kind: TokenKind) -> Value {
    let mut record = json!({
        "active": true,
        "token_kind": match kind { TokenKind::Access => "access_token", TokenKind::Refresh => "refresh_token" },
        "client_id": access.client.as_str(),
        "scope": access.scopes.as_str(),
        "aud": &access.audience,
        "iat": access.issued_at.0,
        "exp": access.expires_at.0,
    });
    if let Some(subject) = &access.subject {
        record["sub"] = subject.as_str().into();
    }
    if let Some(grant) = access.grant {
        record["grant_id"] = grant.to_string().into();
    }
    record
}

fn inactive(why: Inactive) -> Value {
    json!({ "active": false, "reason": why.slug(), "explanation": why.explanation() })
}

async fn revoke(administration: &Administration, token: Zeroizing<String>) -> Result<Exit, Failure> {
    match (RevokeToken { token }).run(administration).await? {
        Revoked::Now(TokenKind::Access) => say("revoked the access token"),
        Revoked::Now(TokenKind::Refresh) => {
            say("revoked the grant of the refresh token, and every token issued from it");
        }
        Revoked::Before(why) => say(format_args!("already inactive: {}", why.explanation())),
    }
    Ok(Exit::Ok)
}
