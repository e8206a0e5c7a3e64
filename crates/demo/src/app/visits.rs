//! What the demo app remembers of each browser: in memory, a bounded number, for a limited time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jose::primitives::sha256;
use protocol::Timestamp;
use serde_json::{Map, Value};

use crate::relying_party::SignIn;

/// Most browsers that are remembered. Beyond that, the one that would expire first is forgotten.
const VISITS_MAX: usize = 256;
/// Seconds for which a browser is remembered, from its last change on.
pub(super) const VISIT_SECONDS_MAX: i64 = 3_600;

/// The state of a browser. It does not print its values: they are secrets.
#[derive(Clone)]
pub(super) enum Visit {
    /// It was sent to the server.
    Pending(Arc<SignIn>),
    /// It came back, and somebody is signed in.
    SignedIn(Arc<SignedIn>),
}

/// What the server issued.
pub(super) struct SignedIn {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    /// The ID token itself, for signing out.
    pub(super) id_token: String,
    pub(super) claims: Map<String, Value>,
    pub(super) scope: String,
    /// When the access token ends, where the server said so.
    pub(super) until: Option<Timestamp>,
    pub(super) refreshed: u32,
    /// The token that a form must hold against CSRF.
    pub(super) csrf: String,
}

/// The visits, by the digest of their cookie.
#[derive(Default)]
pub(super) struct Visits(Mutex<HashMap<[u8; 32], (Visit, Timestamp)>>);

impl Visits {
    /// Remembers a visit, in place of what was remembered under this cookie.
    pub(super) fn keep(&self, cookie: &str, visit: Visit, now: Timestamp) {
        let key = sha256(cookie.as_bytes());
        let mut kept = self.kept();
        if kept.len() >= VISITS_MAX && !kept.contains_key(&key) {
            kept.retain(|_, (_, until)| *until > now);
            let first = kept.iter().min_by_key(|(_, (_, until))| *until).map(|(key, _)| *key);
            if let Some(first) = first.filter(|_| kept.len() >= VISITS_MAX) {
                kept.remove(&first);
            }
        }
        kept.insert(key, (visit, now + VISIT_SECONDS_MAX));
    }

    /// What is remembered under this cookie.
    pub(super) fn find(&self, cookie: &str, now: Timestamp) -> Option<Visit> {
        let kept = self.kept();
        let (visit, until) = kept.get(&sha256(cookie.as_bytes()))?;
        (*until > now).then(|| visit.clone())
    }

    /// Forgets what is remembered under this cookie; true for only one of concurrent calls.
    pub(super) fn forget(&self, cookie: &str) -> bool {
        self.kept().remove(&sha256(cookie.as_bytes())).is_some()
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<[u8; 32], (Visit, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit() -> Visit {
        Visit::Pending(Arc::new(SignIn::new("http://127.0.0.1/callback")))
    }

    #[test]
    fn a_visit_ends_after_an_hour() {
        let visits = Visits::default();
        visits.keep("a", visit(), Timestamp(0));
        assert!(visits.find("a", Timestamp(3_599)).is_some() && visits.find("a", Timestamp(3_600)).is_none());
        assert!(visits.find("b", Timestamp(0)).is_none());
    }

    #[test]
    fn visits_are_limited_and_the_oldest_is_dropped() {
        let visits = Visits::default();
        for number in 0..=VISITS_MAX {
            visits.keep(&number.to_string(), visit(), Timestamp(number as i64));
        }
        assert_eq!(visits.kept().len(), VISITS_MAX);
        let now = Timestamp(VISITS_MAX as i64);
        assert!(visits.find("0", now).is_none() && visits.find("1", now).is_some());
    }

    #[test]
    fn a_visit_is_replaced_and_forgotten_under_its_cookie() {
        let visits = Visits::default();
        visits.keep("a", visit(), Timestamp(0));
        visits.keep("a", visit(), Timestamp(0));
        assert_eq!(visits.kept().len(), 1);
        assert!(visits.forget("a") && !visits.forget("a"));
        assert!(visits.find("a", Timestamp(0)).is_none());
    }
}
