//! Asking Google about a token: its `tokeninfo` endpoint, which is not introspection (RFC 7662) but says as much: for which client
//! the token was issued, with which scopes, and until when.

use std::sync::Arc;

use bytes::Bytes;
use fetching::SingleFlight;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use jose::Claims;
use serde_json::Value;

use crate::judging::authorization::{Authorization, Judgement};
use crate::judging::cache::{self, TokenDigest};
use crate::judging::claims;
use crate::judging::refused::Refused;
use crate::judging::remote::Remote;
use crate::limits::INTROSPECTIONS_MAX;
use crate::reason::Reason;

/// The endpoint, which Google's metadata does not name.
pub(crate) const GOOGLE: &str = "https://oauth2.googleapis.com/tokeninfo";

/// Asks about tokens at one endpoint. Anyone may ask; the answer says whom the token is for.
pub(crate) struct TokenInfo {
    pub(crate) remote: Arc<Remote>,
    pub(crate) url: String,
    pub(crate) requests: SingleFlight<TokenDigest, Judgement>,
}

impl TokenInfo {
    pub(crate) fn new(remote: Arc<Remote>, url: &str) -> Self {
        Self { remote, url: url.to_owned(), requests: SingleFlight::new(INTROSPECTIONS_MAX) }
    }

    /// Judges the token by a cached answer, a running request, or a new one.
    pub(crate) async fn ask(self: &Arc<Self>, token: &str) -> Judgement {
        let (key, remote) = (cache::digest(token), &self.remote);
        if let Some(kept) = remote.cache.as_ref().and_then(|cache| cache.answer(&key, remote.now())) {
            return kept;
        }
        let start = || {
            let (own, token) = (Arc::clone(self), token.to_owned());
            async move { own.judge(key, &token).await }
        };
        self.requests.join(key, start).await.unwrap_or_else(|| Err(Reason::IntrospectionsTooMany.into()))
    }

    async fn judge(&self, key: TokenDigest, token: &str) -> Judgement {
        let asked = self.remote.now();
        let judgement = self.request(token).await.map(Arc::new);
        if let Some(cache) = &self.remote.cache {
            cache.keep_answer(key, &judgement, asked);
        }
        judgement
    }

    async fn request(&self, token: &str) -> Result<Authorization, Refused> {
        let (http, url) = (&self.remote.http, &self.url);
        let body: Bytes = Serializer::new(String::new()).append_pair("access_token", token).finish().into();
        let request = Request::post(url)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .body(body)
            .map_err(|_| Reason::IntrospectionFailed)?;
        let answer = http.fetch.fetch(request, http.limits).await.map_err(|error| {
            tracing::warn!(url, %error, "a token could not be checked");
            Reason::IntrospectionFailed
        })?;
        match answer.status() {
            StatusCode::OK => {
                let found = read(answer.body()).ok_or_else(|| {
                    tracing::warn!(url, "the answer about a token is malformed");
                    Reason::AnswerMalformed
                })?;
                claims::tokeninfo(found, &self.remote.expected, self.remote.now())
            }
            // Expired, revoked, or never issued: the answer does not say which.
            StatusCode::BAD_REQUEST => Err(Reason::TokenInactive.into()),
            status => {
                tracing::warn!(url, status = status.as_u16(), "a token could not be checked");
                Err(Reason::IntrospectionFailed.into())
            }
        }
    }
}

/// The members of an answer, which writes numbers as strings.
fn read(body: &[u8]) -> Option<Claims> {
    let mut members = Claims::parse(body).ok()?.into_map();
    let expires = match members.get("exp")? {
        Value::String(text) => Value::from(text.parse::<i64>().ok()?),
        other => other.clone(),
    };
    members.insert("exp".to_owned(), expires);
    Some(Claims::from(members))
}
