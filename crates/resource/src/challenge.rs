//! How a refusal is told: the challenge of RFC 6750 §3 with the metadata of RFC 9728 §5.1, and a small JSON body.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;
use protocol::{Challenge, Scopes};

use crate::limits::RETRY_AFTER_SECONDS;
use crate::reason::Reason;

/// A request that was refused, with everything that its answer needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Denied {
    reason: Reason,
    challenge: Option<HeaderValue>,
}

impl Denied {
    /// Why.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// 400, 401, 403 or 503; 500 where an extractor stands on a route that no guard covers.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The value of `WWW-Authenticate`; none where it is not the caller's fault (503, 500).
    pub fn challenge(&self) -> Option<&HeaderValue> {
        self.challenge.as_ref()
    }

    /// The whole answer: status, challenge, `no-store`, and `error` with `error_description` as JSON where there is
    /// a code.
    pub fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.reason.code().is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(challenge) = &self.challenge {
            headers.insert(WWW_AUTHENTICATE, challenge.clone());
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }

    /// A refusal for want of a guard: there is nobody who could challenge.
    pub(crate) fn without_guard() -> Self {
        tracing::error!(
            "a token is asked for on a route that no guard covers: put `guard.layer()` or \
             `guard.require(..)` on the route; the request is refused"
        );
        Self { reason: Reason::GuardMissing, challenge: None }
    }

    fn body(&self) -> Bytes {
        let Some(code) = self.reason.code() else { return Bytes::new() };
        let description = self.reason.description();
        format!(r#"{{"error":"{}","error_description":"{description}"}}"#, code.as_str()).into()
    }
}

impl fmt::Debug for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Denied({:?})", self.reason)
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.description())
    }
}

impl std::error::Error for Denied {}

/// Writes the challenges of one guard.
#[derive(Clone, Debug)]
pub(crate) struct Challenger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    metadata_url: Option<String>,
    /// Whether the metadata is served: a challenge does not send callers to where there is nothing.
    announced: AtomicBool,
}

impl Challenger {
    pub(crate) fn new(metadata_url: Option<String>) -> Self {
        Self(Arc::new(Inner { metadata_url, announced: AtomicBool::new(false) }))
    }

    /// From now on challenges name the metadata.
    pub(crate) fn announce(&self) {
        self.0.announced.store(true, Ordering::Relaxed);
    }

    /// Refuses, saying which scopes are needed where too few came.
    pub(crate) fn deny(&self, reason: Reason, needed: &Scopes) -> Denied {
        let challenge = self.challenge(reason, needed);
        Denied { reason, challenge: challenge.and_then(|text| HeaderValue::from_str(text.as_str()).ok()) }
    }

    fn challenge(&self, reason: Reason, needed: &Scopes) -> Option<Challenge> {
        if reason.status() >= 500 {
            return None;
        }
        let mut challenge = Challenge::bearer();
        if let Some(code) = reason.code() {
            challenge = challenge.with("error", code.as_str());
            challenge = challenge.with("error_description", reason.description());
        }
        if reason == Reason::ScopeInsufficient {
            challenge = challenge.with("scope", needed.as_str());
        }
        if let Some(url) = &self.0.metadata_url
            && self.0.announced.load(Ordering::Relaxed)
        {
            challenge = challenge.with("resource_metadata", url);
        }
        Some(challenge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(challenger: &Challenger, reason: Reason) -> Option<String> {
        let denied = challenger.deny(reason, &Scopes::stored("notes.read notes.write"));
        denied.challenge().map(|value| value.to_str().expect("ASCII").to_owned())
    }

    #[test]
    fn each_reason_has_the_challenge_of_rfc_6750() {
        let plain = Challenger::new(None);
        for reason in Reason::ALL {
            let description = reason.description();
            let expected = match reason.status() {
                500 | 503 => None,
                401 if reason.code().is_none() => Some("Bearer".to_owned()),
                400 => Some(format!(r#"Bearer error="invalid_request", error_description="{description}""#)),
                401 => Some(format!(r#"Bearer error="invalid_token", error_description="{description}""#)),
                _ => Some(format!(
                    r#"Bearer error="insufficient_scope", error_description="{description}", scope="notes.read notes.write""#
                )),
            };
            assert_eq!(rendered(&plain, *reason), expected, "{reason:?}");
        }
    }

    #[test]
    fn the_metadata_is_named_once_it_is_served() {
        let url = "https://notes.example/.well-known/oauth-protected-resource";
        let challenger = Challenger::new(Some(url.to_owned()));
        assert_eq!(rendered(&challenger, Reason::TokenMissing).as_deref(), Some("Bearer"));
        challenger.announce();
        let bare = format!(r#"Bearer resource_metadata="{url}""#);
        assert_eq!(rendered(&challenger, Reason::TokenMissing), Some(bare));
        let expired = rendered(&challenger, Reason::Expired).expect("a challenge");
        assert!(expired.ends_with(&format!(r#", resource_metadata="{url}""#)), "{expired}");
        assert_eq!(rendered(&challenger, Reason::Busy), None);
    }

    #[test]
    fn an_answer_is_not_stored_and_says_when_to_come_again() {
        let answer = Challenger::new(None).deny(Reason::KeysUnavailable, &Scopes::default()).response();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers()[RETRY_AFTER], "5");
        assert!(!answer.headers().contains_key(WWW_AUTHENTICATE));
    }
}
