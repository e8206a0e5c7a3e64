//! How a refusal is told: the challenges of RFC 6750 §3 and RFC 9449 §7.1 with the metadata of RFC 9728 §5.1, and a
//! small JSON body.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;
use protocol::{Challenge, Scopes};

use crate::bearer::Scheme;
use crate::dpop::NONCE_HEADER;
use crate::limits::RETRY_AFTER_SECONDS;
use crate::reason::Reason;

/// A request that was refused, with everything that its answer needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Denied {
    reason: Reason,
    challenge: Option<HeaderValue>,
    dpop_nonce: Option<HeaderValue>,
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

    /// The value of `DPoP-Nonce`, where the next proof needs it (RFC 9449 §9).
    pub fn dpop_nonce(&self) -> Option<&HeaderValue> {
        self.dpop_nonce.as_ref()
    }

    /// The whole answer: status, challenge, nonce, `no-store`, and `error` with `error_description` as JSON where there is
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
        if let Some(nonce) = &self.dpop_nonce {
            headers.insert(NONCE_HEADER, nonce.clone());
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }

    /// The same refusal with a nonce for the next proof.
    pub(crate) fn with_nonce(mut self, nonce: Option<&str>) -> Self {
        self.dpop_nonce = nonce.and_then(|nonce| HeaderValue::from_str(nonce).ok());
        self
    }

    /// A refusal for want of a guard: there is nobody who could challenge.
    pub(crate) fn without_guard() -> Self {
        tracing::error!(
            "a token is asked for on a route that no guard covers: put `guard.layer()` or \
             `guard.require(..)` on the route; the request is refused"
        );
        Self { reason: Reason::GuardMissing, challenge: None, dpop_nonce: None }
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
    /// The schemes that are taken, each with its challenge when nothing is wrong yet.
    schemes: Vec<(Scheme, Challenge)>,
    metadata_url: Option<String>,
    /// Whether the metadata is served: a challenge does not send callers to where there is nothing.
    announced: AtomicBool,
}

impl Challenger {
    pub(crate) fn new(schemes: Vec<(Scheme, Challenge)>, metadata_url: Option<String>) -> Self {
        Self(Arc::new(Inner { schemes, metadata_url, announced: AtomicBool::new(false) }))
    }

    /// From now on challenges name the metadata.
    pub(crate) fn announce(&self) {
        self.0.announced.store(true, Ordering::Relaxed);
    }

    /// Refuses, saying which scopes are needed where too few came. What is wrong is told by the challenge of the scheme
    /// that was tried, or by all where that is unclear (RFC 9449 §7.2).
    pub(crate) fn deny(&self, reason: Reason, needed: &Scopes, tried: Option<Scheme>) -> Denied {
        let refused = Denied { reason, challenge: None, dpop_nonce: None };
        if reason.status() >= 500 {
            return refused;
        }
        let is_tried = |scheme| tried.is_none_or(|one| one == scheme);
        let challenges = self.0.schemes.iter().map(|(scheme, plain)| match is_tried(*scheme) {
            true => self.challenge(plain.clone(), Some(reason), needed),
            false => self.challenge(plain.clone(), None, needed),
        });
        let texts: Vec<String> = challenges.map(|challenge| challenge.as_str().to_owned()).collect();
        Denied { challenge: HeaderValue::try_from(texts.join(", ")).ok(), ..refused }
    }

    fn challenge(&self, mut challenge: Challenge, told: Option<Reason>, needed: &Scopes) -> Challenge {
        if let Some(reason) = told
            && let Some(code) = reason.code()
        {
            challenge = challenge.with("error", code.as_str());
            challenge = challenge.with("error_description", reason.description());
        }
        if told == Some(Reason::ScopeInsufficient) {
            challenge = challenge.with("scope", needed.as_str());
        }
        if let Some(url) = &self.0.metadata_url
            && self.0.announced.load(Ordering::Relaxed)
        {
            challenge = challenge.with("resource_metadata", url);
        }
        challenge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(metadata_url: Option<String>) -> Challenger {
        Challenger::new(vec![(Scheme::Bearer, Challenge::bearer())], metadata_url)
    }

    fn rendered(challenger: &Challenger, reason: Reason) -> Option<String> {
        let denied = challenger.deny(reason, &Scopes::stored("notes.read notes.write"), None);
        denied.challenge().map(|value| value.to_str().expect("ASCII").to_owned())
    }

    #[test]
    fn each_reason_has_the_challenge_of_rfc_6750() {
        let plain = bearer(None);
        for reason in Reason::ALL {
            let description = reason.description();
            let expected = match reason.status() {
                500 | 503 => None,
                401 if reason.code().is_none() => Some("Bearer".to_owned()),
                400 => Some(format!(r#"Bearer error="invalid_request", error_description="{description}""#)),
                401 => {
                    let code = reason.code().expect("a code").as_str();
                    Some(format!(r#"Bearer error="{code}", error_description="{description}""#))
                }
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
        let challenger = bearer(Some(url.to_owned()));
        assert_eq!(rendered(&challenger, Reason::TokenMissing).as_deref(), Some("Bearer"));
        challenger.announce();
        let bare = format!(r#"Bearer resource_metadata="{url}""#);
        assert_eq!(rendered(&challenger, Reason::TokenMissing), Some(bare));
        let expired = rendered(&challenger, Reason::Expired).expect("a challenge");
        assert!(expired.ends_with(&format!(r#", resource_metadata="{url}""#)), "{expired}");
        assert_eq!(rendered(&challenger, Reason::Busy), None);
    }

    /// The figures 15 to 19 of RFC 9449 §7, in our own words.
    #[test]
    fn the_challenge_of_the_scheme_that_was_tried_tells_what_is_wrong() {
        let dpop = (Scheme::Dpop, Challenge::dpop(&["ES256", "PS256"]));
        let both = Challenger::new(vec![(Scheme::Bearer, Challenge::bearer()), dpop.clone()], None);
        let only = Challenger::new(vec![dpop], None);
        let algs = r#"DPoP algs="ES256 PS256""#;
        let token = r#"error="invalid_token", error_description="The token has expired""#;
        let request = r#"error="invalid_request", error_description="More than one Authorization header""#;
        for (challenger, reason, tried, expected) in [
            (&only, Reason::TokenMissing, None, algs.to_owned()),
            (&only, Reason::Expired, Some(Scheme::Dpop), format!("{algs}, {token}")),
            (&both, Reason::TokenMissing, None, format!("Bearer, {algs}")),
            (&both, Reason::SchemeUnsupported, None, format!("Bearer, {algs}")),
            (&both, Reason::Expired, Some(Scheme::Bearer), format!("Bearer {token}, {algs}")),
            (&both, Reason::Expired, Some(Scheme::Dpop), format!("Bearer, {algs}, {token}")),
            (&both, Reason::HeaderRepeated, None, format!("Bearer {request}, {algs}, {request}")),
        ] {
            let denied = challenger.deny(reason, &Scopes::default(), tried);
            let found = denied.challenge().and_then(|value| value.to_str().ok());
            assert_eq!(found, Some(&*expected), "{reason:?} {tried:?}");
        }
    }

    #[test]
    fn a_nonce_has_its_own_header() {
        let denied =
            bearer(None).deny(Reason::NonceMissing, &Scopes::default(), None).with_nonce(Some("n-1"));
        let answer = denied.response();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[NONCE_HEADER]),
            (401, &"n-1".parse().expect("a value"))
        );
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
    }

    #[test]
    fn an_answer_is_not_stored_and_says_when_to_come_again() {
        let answer = bearer(None).deny(Reason::KeysUnavailable, &Scopes::default(), None).response();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers()[RETRY_AFTER], "5");
        assert!(!answer.headers().contains_key(WWW_AUTHENTICATE));
    }
}
