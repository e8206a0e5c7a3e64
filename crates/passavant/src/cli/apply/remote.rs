//! `apply --server`: the same, asked of a running server by a client that may administer it.

use std::{ffi::OsString, path::Path, sync::Arc, time::Duration};

use admin::{Difference, Sent, api, api_identifier};
use bytes::Bytes;
use demo::{ClientAuthentication, Registration, RelyingParty, RelyingPartyError};
use fetching::{Fetch, FetchLimits, ReqwestFetch};
use http::{Request, Response, StatusCode, header};
use protocol::{display::Shown, limits, scope, uri};
use serde_json::{Map, Value};
use server::registration::{Finding, RegistrationError};
use zeroize::Zeroizing;

use crate::{
    config::environment,
    global::Global,
    terminal::{Failure, Source, failed, misused, read_sent},
};

/// Seconds that a server may take: the passwords of new users are hashed one after the other.
const ANSWER_SECONDS_MAX: u64 = 120;
/// Longest report that is read, in bytes.
const REPORT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Which server is asked, and as whom.
#[derive(Debug, clap::Args)]
pub(super) struct Remote {
    /// Ask the running server of this issuer; over https, or http to this machine
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
    /// The client that asks (or PASSAVANT_CLIENT_ID): it acts for itself, and has the scope passavant.admin
    #[arg(long, value_name = "ID", requires = "server")]
    client_id: Option<String>,
    /// Its secret, from standard input (-) or a @FILE (or PASSAVANT_CLIENT_SECRET)
    #[arg(long, value_name = "SOURCE", requires = "server")]
    client_secret: Option<Source>,
}

/// How the world is to be made true.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) file: &'a Path,
    pub(super) dry_run: bool,
    pub(super) prune: bool,
}

impl Remote {
    /// Asks the server.
    ///
    /// # Errors
    /// [`RegistrationError`] of the file, with exit code 3; exit code 6 where nobody answers.
    pub(super) async fn apply(
        &self,
        server: &str,
        asked: Asked<'_>,
        global: &Global,
    ) -> Result<Difference, Failure> {
        if global.config.is_some() || global.dev {
            return Err(misused(
                "--server asks another installation than --config and --dev: give one of them",
            ));
        }
        let issuer = server.trim_end_matches('/');
        uri::check_issuer(issuer)
            .map_err(|why| misused(format_args!("--server {}: {why}", Shown(server))))?;
        let (id, secret) = self.credentials(asked.file)?;
        let sent = read_sent(asked.file)?;
        let body = Bytes::from(serde_json::to_vec(&sent.value).map_err(failed)?);
        if body.len() > api::WORLD_BYTES_MAX {
            let text = format!("is longer than the {} bytes that a server takes", api::WORLD_BYTES_MAX);
            return Err(RegistrationError(vec![Finding::new("", text)]).into());
        }
        let fetch = Arc::new(ReqwestFetch::new().map_err(failed)?);
        let registration =
            Registration { client_id: id, authentication: ClientAuthentication::Basic(secret) };
        let token = token(fetch.clone(), issuer, registration).await?;
        let url = format!("{}?dry_run={}&prune={}", api::apply_url(issuer), asked.dry_run, asked.prune);
        let request = Request::post(url)
            .header(header::ACCEPT, "application/json, application/problem+json")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", *token));
        let deadline = Duration::from_secs(ANSWER_SECONDS_MAX);
        let bounds = FetchLimits { deadline, bytes_max: REPORT_BYTES_MAX };
        let answer = fetch.fetch(request.body(body).map_err(failed)?, bounds).await?;
        report(&answer, &sent)
    }

    /// From the flags, else from the environment.
    fn credentials(&self, file: &Path) -> Result<(String, Zeroizing<String>), Failure> {
        let environment = environment();
        let id = self.client_id.clone().or_else(|| variable(&environment, "PASSAVANT_CLIENT_ID"));
        let id = id.ok_or_else(|| misused("--server needs --client-id, or PASSAVANT_CLIENT_ID"))?;
        if matches!(self.client_secret, Some(Source::Stdin)) && file == Path::new("-") {
            return Err(misused("standard input can't be both the file and the secret: give one as a file"));
        }
        let secret = match &self.client_secret {
            Some(source) => source.read("a secret", limits::CLIENT_SECRET_BYTES_MAX)?,
            None => variable(&environment, "PASSAVANT_CLIENT_SECRET")
                .map(Zeroizing::new)
                .ok_or_else(|| misused("--server needs --client-secret, or PASSAVANT_CLIENT_SECRET"))?,
        };
        Ok((id, secret))
    }
}

/// A variable that is set and not empty.
fn variable(environment: &[(String, OsString)], name: &str) -> Option<String> {
    let (_, value) = environment.iter().find(|(known, _)| known == name)?;
    value.to_str().filter(|value| !value.is_empty()).map(str::to_owned)
}

/// A token for the admin API only (RFC 6749 §4.4, RFC 8707 §2).
async fn token(
    fetch: Arc<dyn Fetch>,
    issuer: &str,
    registration: Registration,
) -> Result<Zeroizing<String>, Failure> {
    let id = registration.client_id.clone();
    let client = RelyingParty::discover(fetch, issuer, registration).await?;
    match client.client_credentials(Some(scope::ADMIN), &[api_identifier(issuer)]).await {
        Ok(tokens) => Ok(Zeroizing::new(tokens.access_token)),
        Err(RelyingPartyError::Refused { error, description }) => {
            Err(refused(&error, description.as_deref(), &id))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the server answered: the same that the command says where it runs beside the store.
fn report(answer: &Response<Bytes>, sent: &Sent) -> Result<Difference, Failure> {
    let status = answer.status();
    if status == StatusCode::NOT_FOUND {
        return Err(failed("this server has no admin API"));
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(answer.body()) else {
        return Err(failed(format_args!("the server answered {status} without a report")));
    };
    match status {
        StatusCode::OK => {
            let mut read = Difference::read(&members.into())
                .ok_or_else(|| failed("the server's answer is not a report"))?;
            read.warnings = read.warnings.into_iter().map(|warning| sent.told(warning)).collect();
            Ok(read)
        }
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::BAD_REQUEST => {
            Err(RegistrationError(wrongs(&members, sent)).into())
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let member = |name: &str| members.get(name).and_then(Value::as_str);
            Err(refused(member("error").unwrap_or("no reason"), member("error_description"), "this client"))
        }
        _ => Err(failed(format_args!("the server answered {status}: {}", text(&members, "detail")))),
    }
}

/// Every problem that the server found in the file; where it names none, the whole is one.
fn wrongs(members: &Map<String, Value>, sent: &Sent) -> Vec<Finding> {
    let listed = members.get("errors").and_then(Value::as_array).into_iter().flatten();
    let read = |error: &Value| {
        let members = error.as_object()?;
        Some(sent.told(Finding::new(tamed(members, "pointer")?, tamed(members, "detail")?)))
    };
    let wrongs: Vec<Finding> = listed.filter_map(read).collect();
    if wrongs.is_empty() { vec![Finding::new("", text(members, "detail"))] } else { wrongs }
}

fn tamed(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).map(|text| Shown(text).to_string())
}

fn text(members: &Map<String, Value>, name: &str) -> String {
    tamed(members, name).unwrap_or_else(|| "no reason".to_owned())
}

/// Why the server does not let the client in, and what helps where it lacks the scope.
fn refused(error: &str, description: Option<&str>, id: &str) -> Failure {
    let help = match error {
        "invalid_scope" | "invalid_target" | "insufficient_scope" => {
            format!("; {} needs the scope {} (passavant client edit)", Shown(id), scope::ADMIN)
        }
        "unauthorized_client" => format!("; {} needs the grant type client_credentials", Shown(id)),
        _ => String::new(),
    };
    let description = description.unwrap_or("no reason");
    failed(format_args!("refused: {} ({}){help}", Shown(error), Shown(description)))
}
