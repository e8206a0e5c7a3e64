//! Asking the server that issued a token (RFC 7662, RFC 9701): one request for all who ask at once, answers kept
//! for a short time, and no question to a server that is away.

mod answer;
mod breaker;
mod credentials;
mod renewing;
mod request;

use std::sync::Arc;

use bytes::Bytes;
use fetching::{AttemptLog, Attempts, SingleFlight};
use http::{HeaderValue, Request, Response, StatusCode};
use protocol::{Issuer, Timestamp};

use crate::judging::cache::{self, TokenDigest};
use crate::judging::claims::Authorization;
use crate::judging::remote::Remote;
use crate::limits::INTROSPECTIONS_MAX;
use crate::reason::Reason;
use crate::trust::own_keys::OwnKeys;

pub(crate) use breaker::{Breaker, BreakerState};
pub use credentials::{AssertionAudience, Credentials};
pub(crate) use credentials::{Caller, CredentialsError};
use request::{Form, Place};

/// How the guard shows at the introspection endpoint who it is, by a secret. [`Credentials`] has the other ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// HTTP Basic, id and secret form-encoded first (RFC 6749 §2.3.1).
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the body (RFC 6749 §2.3.1).
    Post,
    /// An access token for introspecting, in place of the secret (RFC 7662 §2.1).
    Bearer,
}

/// The form of introspection answers that the guard asks for and accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerForm {
    /// As [`AnswerForm::Jwt`] where there is a decryption key: who has one was promised encryption, and takes nothing
    /// less. Elsewhere JSON is asked for, and the type that the answer names decides.
    #[default]
    Auto,
    /// JSON alone (RFC 7662 §2.2).
    Json,
    /// A signed JWT alone (RFC 9701 §5), and an encrypted one where there is a decryption key.
    Jwt,
}

/// What a token turned out to be.
pub(crate) type Judgement = Result<Arc<Authorization>, Reason>;

/// Introspects tokens at one issuer.
pub(crate) struct Introspector {
    asking: Arc<Asking>,
    breaker: Arc<Breaker>,
    flights: SingleFlight<TokenDigest, Judgement>,
    log: AttemptLog<Reason>,
}

/// What one request needs.
pub(crate) struct Asking {
    pub(crate) remote: Arc<Remote>,
    pub(crate) caller: Caller,
    pub(crate) form: AnswerForm,
    pub(crate) decryption_keys: OwnKeys,
}

/// Why there is no judgement: the server is away, or anything else.
enum Trouble {
    Away(Reason),
    Other(Reason),
}

impl Introspector {
    pub(crate) fn new(asking: Asking) -> Self {
        let flights = SingleFlight::new(INTROSPECTIONS_MAX);
        Self { asking: Arc::new(asking), breaker: Arc::default(), flights, log: AttemptLog::default() }
    }

    /// What the token allows, by a kept answer, by a request under way, or by a new one.
    pub(crate) async fn ask(self: &Arc<Self>, token: &str) -> Judgement {
        let key = cache::digest(token);
        let remote = &self.asking.remote;
        if let Some(kept) = remote.cache.as_ref().and_then(|cache| cache.answer(&key, remote.now())) {
            return kept;
        }
        let start = || {
            let (introspector, token) = (Arc::clone(self), token.to_owned());
            async move { introspector.judge(key, &token).await }
        };
        self.flights.join(key, start).await.unwrap_or(Err(Reason::IntrospectionsTooMany))
    }

    /// What the breaker does with the next question.
    pub(crate) fn breaker_state(&self) -> BreakerState {
        self.breaker.state(self.asking.remote.now())
    }

    /// How asking went.
    pub(crate) fn attempts(&self) -> Attempts<Reason> {
        self.log.attempts()
    }

    async fn judge(&self, key: TokenDigest, token: &str) -> Judgement {
        let remote = &self.asking.remote;
        let asked = remote.now();
        let answered = self.request(token).await;
        note(&self.log, answered.as_ref().err().map(Trouble::reason), remote.now());
        let judgement = match answered {
            Ok(authorization) => Ok(Arc::new(authorization)),
            Err(Trouble::Other(reason)) => Err(reason),
            Err(Trouble::Away(reason)) => {
                let last = remote.cache.as_ref().and_then(|cache| cache.last_answer(&key, remote.now()));
                if last.is_some() {
                    let (reason, breaker) = (reason.slug(), self.breaker_state());
                    tracing::warn!(reason, ?breaker, "the server is away: its last answer serves");
                }
                return last.unwrap_or(Err(reason));
            }
        };
        if let Some(cache) = &remote.cache {
            cache.keep_answer(key, &judgement, asked);
        }
        judgement
    }

    async fn request(&self, token: &str) -> Result<Authorization, Trouble> {
        let (asking, discovery) = (&self.asking, &self.asking.remote.discovery);
        let url = discovery.introspection(asking.caller.is_by_certificate()).await.map_err(Trouble::of)?;
        let form = Form { url: &url, accept: asking.accept(), fields: &[("token", token)] };
        let answer = self.answer(&form).await?;
        asking.judge(&url, token, answer).await.map_err(Trouble::Other)
    }

    /// The answer, with a renewed access token where the one at hand was refused.
    async fn answer(&self, form: &Form<'_>) -> Result<Response<Bytes>, Trouble> {
        let asking = &self.asking;
        let Some(renewing) = &asking.caller.renewing else {
            let place = asking.place(asking.remote.now()).await.map_err(Trouble::of)?;
            let request = form.with_caller(&asking.caller, &place.borrowed()).map_err(Trouble::Other)?;
            return self.send(form.url, request).await;
        };
        let held = renewing.token(asking, None).await.map_err(Trouble::of)?;
        let with = |header: &HeaderValue| form.with_token(header).map_err(Trouble::Other);
        let answer = self.send(form.url, with(&held.header)?).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let renewed = renewing.token(asking, Some(&held)).await.map_err(Trouble::of)?;
        self.send(form.url, with(&renewed.header)?).await
    }

    /// One request, if the breaker lets it through. 429, 502, 503 and 504 are a server that can't answer now. Any other
    /// 5xx is no judgement either, but the breaker does not count it: a token that one server stumbles over must not
    /// shut out the tokens of all others.
    async fn send(&self, url: &str, request: Request<Bytes>) -> Result<Response<Bytes>, Trouble> {
        let remote = &self.asking.remote;
        let pass = self.breaker.enter(remote.now()).ok_or(Trouble::Away(Reason::IntrospectionPaused))?;
        let error = match remote.http.fetch.fetch(request, remote.http.limits).await {
            Ok(answer) if !is_trouble(answer.status()) => {
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
        tracing::warn!(url, error, "the introspection endpoint can't be asked");
        Err(Trouble::Away(Reason::IntrospectionFailed))
    }
}

/// Records one request. That a token is refused is an answer.
pub(crate) fn note(log: &AttemptLog<Reason>, refused: Option<Reason>, now: Timestamp) {
    match refused.filter(|reason| reason.status() >= 500) {
        Some(reason) => log.failed(reason),
        None => log.succeeded(now),
    }
}

/// Whether a server that answers so has not judged the token.
fn is_trouble(status: StatusCode) -> bool {
    is_away(status) || status.is_server_error()
}

/// Whether a server that answers so can't answer anybody now (RFC 6585 §4, RFC 9110 §15.6.3 to §15.6.5).
fn is_away(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

impl Asking {
    /// Where an assertion may be addressed to.
    async fn place(&self, now: Timestamp) -> Result<OwnedPlace<'_>, Reason> {
        let is_wanted = self.caller.audience == AssertionAudience::TokenEndpoint && self.caller.asserts();
        let token_endpoint = match is_wanted {
            // Never the alias for certificates: it names the server as others know it.
            true => Some(self.remote.discovery.token(false).await?),
            false => None,
        };
        Ok(OwnedPlace { issuer: &self.remote.expected.issuer, token_endpoint, now })
    }
}

/// A [`Place`] that holds its address.
struct OwnedPlace<'a> {
    issuer: &'a Issuer,
    token_endpoint: Option<String>,
    now: Timestamp,
}

impl OwnedPlace<'_> {
    fn borrowed(&self) -> Place<'_> {
        Place { issuer: self.issuer, token_endpoint: self.token_endpoint.as_deref(), now: self.now }
    }
}

impl Trouble {
    fn reason(&self) -> Reason {
        match self {
            Self::Away(reason) | Self::Other(reason) => *reason,
        }
    }

    /// What happened on the way to the endpoint.
    fn of(reason: Reason) -> Self {
        match reason {
            Reason::DiscoveryFailed | Reason::IntrospectionFailed => Self::Away(reason),
            other => Self::Other(other),
        }
    }
}
