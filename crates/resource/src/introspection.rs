//! Asking the server that issued a token (RFC 7662, RFC 9701): one request for all who ask at once, answers kept
//! for a short time.

mod answer;
mod cache;
mod request;

use std::sync::Arc;

use protocol::Timestamp;

use crate::claims::Authorization;
use crate::flight::Flights;
use crate::health::{Pulse, SourceHealth};
use crate::jwks::OwnKeys;
use crate::limits::INTROSPECTIONS_MAX;
use crate::reason::Reason;
use crate::remote::Remote;

use cache::Cache;
pub(crate) use request::Credentials;

/// How the guard shows at the introspection endpoint who it is.
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
    /// By the type that the answer names. JWT is asked for where there is a decryption key, JSON elsewhere.
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
    asking: Asking,
    cache: Option<Cache>,
    flights: Flights<[u8; 32], Judgement>,
    pulse: Pulse,
}

/// What one request needs.
pub(crate) struct Asking {
    pub(crate) remote: Arc<Remote>,
    pub(crate) credentials: Credentials,
    pub(crate) form: AnswerForm,
    pub(crate) decryption_keys: OwnKeys,
}

impl Introspector {
    /// Keeps answers for so many seconds, never past their `exp`; 0 keeps none.
    pub(crate) fn new(asking: Asking, cache_seconds: u64) -> Self {
        let cache = (cache_seconds > 0).then(|| Cache::new(cache_seconds));
        Self { asking, cache, flights: Flights::new(INTROSPECTIONS_MAX), pulse: Pulse::default() }
    }

    /// What the token allows, by a kept answer, by a request under way, or by a new one.
    pub(crate) async fn ask(self: &Arc<Self>, token: &str) -> Judgement {
        let key = jose::primitives::sha256(token.as_bytes());
        let now = self.asking.remote.now();
        if let Some(kept) = self.cache.as_ref().and_then(|cache| cache.find(&key, now)) {
            return kept;
        }
        let start = || {
            let (introspector, token) = (Arc::clone(self), token.to_owned());
            async move {
                let judgement = introspector.request(key, &token).await;
                introspector.pulse.note(&judgement, introspector.asking.remote.now());
                judgement
            }
        };
        self.flights.join(key, start).await.unwrap_or(Err(Reason::Busy))
    }

    /// How asking went.
    pub(crate) fn health(&self, now: Timestamp) -> SourceHealth {
        self.pulse.health(now)
    }

    async fn request(&self, key: [u8; 32], token: &str) -> Judgement {
        let (asking, remote) = (&self.asking, &self.asking.remote);
        let url = remote.discovery.introspection().await?;
        let request = request::build(&url, &asking.credentials, asking.accept(), token)?;
        let answer = remote.http.fetch.fetch(request, remote.http.limits).await.map_err(|error| {
            tracing::warn!(url, %error, "the introspection endpoint can't be asked");
            Reason::IntrospectionFailed
        })?;
        let bytes = answer.body().len();
        let judgement = asking.judge(&url, answer).await.map(Arc::new);
        if let Some(cache) = &self.cache {
            cache.keep(key, &judgement, bytes, remote.now());
        }
        judgement
    }
}
