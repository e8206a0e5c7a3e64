//! Whether the guard can reach its authorization servers: a value, and a small `tower` service.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use fetching::Attempts;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use protocol::{Issuer, Timestamp};
use serde_json::{Value, json};
use tower_service::Service;

use crate::face::guard::Guard;
use crate::judging::issuers::Trusted;
use crate::reason::Reason;

/// A state of health, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthState {
    /// Nothing was needed yet: nothing is fetched before the first token arrives.
    Idle,
    /// The last attempt succeeded.
    Good,
    /// The last attempt failed, but an earlier result is still usable, or another issuer works.
    Degraded,
    /// The last attempt failed, and there is nothing to use instead: requests are answered with 503.
    Failing,
}

impl HealthState {
    /// Its name in the JSON document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Good => "good",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }
}

/// The health of a guard at one moment. Contains no secrets and nothing from tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Failing only if all issuers are.
    pub state: HealthState,
    /// In the order of their builders.
    pub issuers: Vec<IssuerHealth>,
}

/// The health of one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuerHealth {
    /// The issuer.
    pub issuer: Issuer,
    /// The worst of the following.
    pub state: HealthState,
    /// Its metadata; idle if all endpoints are configured.
    pub discovery: SourceHealth,
    /// Its key set.
    pub keys: SourceHealth,
    /// Introspection, if it is configured. Failing even if an old answer is used instead.
    pub introspection: Option<SourceHealth>,
}

/// The health of one thing that is fetched from an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceHealth {
    /// Follows from the other fields.
    pub state: HealthState,
    /// When it was last fetched successfully.
    pub had: Option<Timestamp>,
    /// How long ago that was, in seconds.
    pub age_seconds: Option<i64>,
    /// Failed attempts since then.
    pub failures: u32,
    /// Why the last one failed, if it did.
    pub malfunction: Option<Reason>,
}

impl Guard {
    /// Whether the guard can reach its authorization servers. Sends no requests.
    pub fn health(&self) -> Health {
        Health::of(self.0.issuers.iter().map(|trusted| &**trusted), self.0.refuser.now())
    }

    /// [`Guard::health`] as a `tower` service that answers `GET` and `HEAD` with JSON, on any path.
    pub fn health_service(&self) -> HealthService {
        HealthService::new(self.clone())
    }
}

impl Health {
    fn of<'a>(issuers: impl Iterator<Item = &'a Trusted>, now: Timestamp) -> Self {
        let issuers: Vec<_> = issuers.map(|trusted| IssuerHealth::of(trusted, now)).collect();
        let worst = issuers.iter().map(|one| one.state).max().unwrap_or(HealthState::Idle);
        let all_fail = issuers.iter().all(|one| one.state == HealthState::Failing);
        let state = if all_fail { worst } else { worst.min(HealthState::Degraded) };
        Self { state, issuers }
    }

    /// The document: times in seconds since 1970.
    fn document(&self) -> Value {
        let issuers: Vec<Value> = self.issuers.iter().map(IssuerHealth::document).collect();
        json!({ "state": self.state.as_str(), "issuers": issuers })
    }
}

impl IssuerHealth {
    fn of(trusted: &Trusted, now: Timestamp) -> Self {
        let remote = &trusted.verifier.jwt.0;
        let discovery = SourceHealth::of(remote.discovery.attempts(now), now);
        let keys = SourceHealth::of(remote.keys.attempts(now), now);
        let introspector = trusted.verifier.introspector.as_ref();
        let introspection = introspector.map(|asking| SourceHealth::of(asking.attempts(), now));
        let states = [Some(discovery.state), Some(keys.state), introspection.map(|found| found.state)];
        let state = states.into_iter().flatten().max().unwrap_or(HealthState::Idle);
        Self { issuer: trusted.expected.issuer.clone(), state, discovery, keys, introspection }
    }

    fn document(&self) -> Value {
        let mut document = json!({
            "issuer": self.issuer.as_str(),
            "state": self.state.as_str(),
            "discovery": self.discovery.document(),
            "keys": self.keys.document(),
        });
        if let Some(introspection) = &self.introspection {
            document["introspection"] = introspection.document();
        }
        document
    }
}

impl SourceHealth {
    fn of(attempts: Attempts<Reason>, now: Timestamp) -> Self {
        let Attempts { succeeded: had, is_usable, failures, error: malfunction } = attempts;
        let state = match (had, failures) {
            (None, 0) => HealthState::Idle,
            (Some(_), 0) => HealthState::Good,
            (_, _) if is_usable => HealthState::Degraded,
            (_, _) => HealthState::Failing,
        };
        Self { state, had, age_seconds: had.map(|had| now.since(had)), failures, malfunction }
    }

    fn document(&self) -> Value {
        json!({
            "state": self.state.as_str(),
            "had": self.had.map(|had| had.0),
            "age_seconds": self.age_seconds,
            "failures": self.failures,
            "malfunction": self.malfunction.map(Reason::slug),
        })
    }
}

/// Answers `GET` and `HEAD` on every path with the guard's [`Health`] as JSON: 503 where it is
/// [`HealthState::Failing`], else 200. It names the issuers: expose it only to operators.
#[derive(Clone, Debug)]
pub struct HealthService(Guard);

impl HealthService {
    fn new(guard: Guard) -> Self {
        Self(guard)
    }

    fn answer(&self, method: &Method) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !matches!(*method, Method::GET | Method::HEAD) {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            return response;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let health = self.0.health();
        if health.state == HealthState::Failing {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        if *method == Method::GET {
            *response.body_mut() = Full::from(health.document().to_string());
        }
        response
    }
}

impl<B> Service<Request<B>> for HealthService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method())))
    }
}

#[cfg(test)]
mod tests {
    use fetching::AttemptLog;

    use super::*;
    use crate::judging::introspection;

    const NOW: Timestamp = Timestamp(1_000);

    #[test]
    fn a_source_is_judged_by_its_last_attempt_and_by_what_still_serves() {
        let state = |had: Option<i64>, usable, failures| {
            let succeeded = had.map(Timestamp);
            SourceHealth::of(Attempts { succeeded, is_usable: usable, failures, error: None }, NOW).state
        };
        assert_eq!(state(None, false, 0), HealthState::Idle);
        assert_eq!(state(Some(900), true, 0), HealthState::Good);
        assert_eq!(state(Some(900), true, 2), HealthState::Degraded);
        assert_eq!(state(Some(900), false, 2), HealthState::Failing);
        assert_eq!(state(None, false, 1), HealthState::Failing);
    }

    #[test]
    fn a_refused_token_is_an_answer_and_trouble_counts_until_the_next() {
        let log = AttemptLog::default();
        let health = |now| SourceHealth::of(log.attempts(), now);
        assert_eq!(health(NOW).state, HealthState::Idle);
        introspection::note(&log, Some(Reason::IntrospectionFailed), NOW);
        introspection::note(&log, Some(Reason::IntrospectionRefused), NOW);
        let failing = health(NOW);
        assert_eq!((failing.state, failing.failures), (HealthState::Failing, 2));
        assert_eq!(failing.malfunction, Some(Reason::IntrospectionRefused));
        introspection::note(&log, Some(Reason::TokenInactive), NOW);
        let good = health(NOW + 5);
        assert_eq!((good.state, good.age_seconds, good.malfunction), (HealthState::Good, Some(5), None));
    }
}
