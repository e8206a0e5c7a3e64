//! Introspecting tokens at the server that issued them (RFC 7662, RFC 9701): concurrent callers share one request,
//! answers are cached for a short time, and a server that is unavailable is not asked.

mod answer;
mod breaker;
mod caller;
mod client;
mod credentials;
mod header;
mod renewing;
mod request;

use std::sync::Arc;

use bytes::Bytes;
use fetching::{AttemptLog, Attempts, SingleFlight};
use http::{HeaderValue, Request, Response, StatusCode};
use protocol::Timestamp;

use crate::judging::authorization::{Authorization, Judgement};
use crate::judging::cache::{self, TokenDigest};
use crate::judging::refused::Refused;
use crate::limits::INTROSPECTIONS_MAX;
use crate::reason::Reason;

pub(crate) use breaker::{Breaker, BreakerState};
pub use caller::AssertionAudience;
pub use client::AnswerForm;
pub(crate) use client::IntrospectionClient;
pub(crate) use credentials::CredentialsError;
pub use credentials::{ClientAuth, Credentials};
use renewing::RenewedToken;
use request::FormRequest;

/// Introspects tokens at one issuer.
pub(crate) struct Introspector {
    client: Arc<IntrospectionClient>,
    /// The access token by which it introspects, if it does so by one.
    token: Option<Arc<RenewedToken>>,
    breaker: Arc<Breaker>,
    requests: SingleFlight<TokenDigest, Judgement>,
    log: AttemptLog<Reason>,
}

/// Why a token could not be introspected.
enum IntrospectionFailure {
    /// The server is unavailable.
    Away(Reason),
    Other(Refused),
}

impl Introspector {
    pub(crate) fn new(client: IntrospectionClient) -> Self {
        let token = client.caller.token_scope.clone().map(|scope| Arc::new(RenewedToken::new(scope)));
        let requests = SingleFlight::new(INTROSPECTIONS_MAX);
        Self {
            client: Arc::new(client),
            token,
            breaker: Arc::default(),
            requests,
            log: AttemptLog::default(),
        }
    }

    /// Judges the token by a cached answer, a running request, or a new one.
    pub(crate) async fn ask(self: &Arc<Self>, token: &str) -> Judgement {
        let key = cache::digest(token);
        let remote = &self.client.remote;
        if let Some(kept) = remote.cache.as_ref().and_then(|cache| cache.answer(&key, remote.now())) {
            return kept;
        }
        let start = || {
            let (introspector, token) = (Arc::clone(self), token.to_owned());
            async move { introspector.judge(key, &token).await }
        };
        self.requests.join(key, start).await.unwrap_or_else(|| Err(Reason::IntrospectionsTooMany.into()))
    }

    /// The state of the breaker for the next request.
    pub(crate) fn breaker_state(&self) -> BreakerState {
        self.breaker.state(self.client.remote.now())
    }

    /// How the requests went.
    pub(crate) fn attempts(&self) -> Attempts<Reason> {
        self.log.attempts()
    }

    async fn judge(&self, key: TokenDigest, token: &str) -> Judgement {
        let remote = &self.client.remote;
        let asked = remote.now();
        let answered = self.request(token).await;
        note(&self.log, answered.as_ref().err().map(IntrospectionFailure::reason), remote.now());
        let judgement = match answered {
            Ok(authorization) => Ok(Arc::new(authorization)),
            Err(IntrospectionFailure::Other(refused)) => Err(refused),
            Err(IntrospectionFailure::Away(reason)) => {
                let last = remote.cache.as_ref().and_then(|cache| cache.last_answer(&key, remote.now()));
                if last.is_some() {
                    let (reason, breaker) = (reason.slug(), self.breaker_state());
                    tracing::warn!(
                        reason,
                        ?breaker,
                        "the authorization server is unavailable: its last answer is used"
                    );
                }
                return last.unwrap_or_else(|| Err(reason.into()));
            }
        };
        if let Some(cache) = &remote.cache {
            cache.keep_answer(key, &judgement, asked);
        }
        judgement
    }

    async fn request(&self, token: &str) -> Result<Authorization, IntrospectionFailure> {
        let (client, discovery) = (&self.client, &self.client.remote.discovery);
        let url = discovery
            .introspection(client.caller.is_by_certificate())
            .await
            .map_err(IntrospectionFailure::of)?;
        let fields = [("token", token), ("resource", client.remote.expected.audience.name.as_str())];
        let fields = if client.names_audience { &fields[..] } else { &fields[..1] };
        let form = FormRequest { url: &url, accept: client.accept(), fields };
        let answer = self.answer(&form).await?;
        client.judge(&url, token, answer).await.map_err(IntrospectionFailure::Other)
    }

    /// The answer; if the server refused our access token, to a request with a renewed one.
    async fn answer(&self, form: &FormRequest<'_>) -> Result<Response<Bytes>, IntrospectionFailure> {
        let client = &self.client;
        let Some(renewed) = &self.token else {
            let addressees =
                client.addressees(client.remote.now()).await.map_err(IntrospectionFailure::of)?;
            let request =
                form.with_caller(&client.caller, &addressees).map_err(IntrospectionFailure::other)?;
            return self.send(form.url, request).await;
        };
        let held = renewed.get(client, None).await.map_err(IntrospectionFailure::of)?;
        let with = |header: &HeaderValue| form.with_token(header).map_err(IntrospectionFailure::other);
        let answer = self.send(form.url, with(&held.header)?).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let next = renewed.get(client, Some(&held)).await.map_err(IntrospectionFailure::of)?;
        self.send(form.url, with(&next.header)?).await
    }

    /// Sends one request, if the breaker allows it. 429, 502, 503 and 504 mean that the server can't answer now. Any
    /// other 5xx is not an answer either, but the breaker does not count it: one token that makes the server fail must
    /// not block all others.
    async fn send(
        &self,
        url: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, IntrospectionFailure> {
        let remote = &self.client.remote;
        let pass = self
            .breaker
            .enter(remote.now())
            .ok_or(IntrospectionFailure::Away(Reason::IntrospectionPaused))?;
        let error = match remote.http.fetch.fetch(request, remote.http.limits).await {
            Ok(answer) if !is_failure(answer.status()) => {
                pass.succeeded();
                return Ok(answer);
            }
            Ok(answer) => {
                match is_away(answer.status()) {
                    true => pass.failed(remote.now()),
                    false => pass.succeeded(),
                }
                format!("it answered with status {}", answer.status().as_u16())
            }
            Err(error) => {
                pass.failed(remote.now());
                error.to_string()
            }
        };
        tracing::warn!(url, error, "introspection failed");
        Err(IntrospectionFailure::Away(Reason::IntrospectionFailed))
    }
}

/// Records one request. That a token is refused is an answer.
pub(crate) fn note(log: &AttemptLog<Reason>, refused: Option<Reason>, now: Timestamp) {
    match refused.filter(|reason| reason.status() >= 500) {
        Some(reason) => log.failed(reason),
        None => log.succeeded(now),
    }
}

/// Whether this status is not an answer about the token.
fn is_failure(status: StatusCode) -> bool {
    is_away(status) || status.is_server_error()
}

/// Whether this status means that the server can't answer any request now (RFC 6585 §4, RFC 9110 §15.6.3 to §15.6.5).
fn is_away(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

impl IntrospectionFailure {
    fn reason(&self) -> Reason {
        match self {
            Self::Away(reason) => *reason,
            Self::Other(refused) => refused.reason,
        }
    }

    fn other(reason: Reason) -> Self {
        Self::Other(reason.into())
    }

    /// A failure before the introspection request itself.
    fn of(reason: Reason) -> Self {
        match reason {
            Reason::DiscoveryFailed | Reason::IntrospectionFailed => Self::Away(reason),
            other => Self::other(other),
        }
    }
}
