//! Public keys of clients and resources: registered by value, or fetched from their `jwks_uri` and kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jose::JwkSet;
use protocol::Timestamp;
use serde_json::Value;

use crate::{AuthorizationServer, error::Fault, ports::FetchLimits};

/// Seconds that a fetched key set is used without asking again.
const KEPT_SECONDS: i64 = 300;
/// Seconds between two fetches of one key set, whatever `kid` is asked for.
const REFETCH_SECONDS_MIN: i64 = 30;
/// Key sets kept at most; beyond it they are all fetched anew.
const SETS_MAX: usize = 1_000;

/// Key sets that were fetched, by URL.
#[derive(Default)]
pub(crate) struct RemoteKeys {
    sets: Mutex<HashMap<String, Arc<RemoteSet>>>,
}

impl RemoteKeys {
    /// The key set of a registration. Fetched again when it is old, or when it lacks the wanted `kid`, but at most
    /// once in [`REFETCH_SECONDS_MIN`]; the last good one is kept while its owner is away. Who asks at once shares
    /// one fetch, and where the one who fetches is dropped, the next does it.
    pub(crate) async fn of(
        &self,
        server: &AuthorizationServer,
        by_value: Option<&Value>,
        by_reference: Option<&str>,
        kid: Option<&str>,
    ) -> Result<Arc<JwkSet>, Fault> {
        if let Some(value) = by_value {
            return JwkSet::parse(value.to_string().as_bytes()).map(Arc::new).map_err(Fault::new);
        }
        let url = by_reference.ok_or_else(|| Fault::new("no keys are registered"))?;
        let set = self.set(url);
        if let Some(answer) = set.kept(server.now(), kid) {
            return answer;
        }
        let _flight = set.flight.lock().await;
        // Whoever was before has fetched it meanwhile.
        if let Some(answer) = set.kept(server.now(), kid) {
            return answer;
        }
        let fetched = fetch(server, url).await;
        if let Err(error) = &fetched {
            tracing::warn!(url, %error, "a key set could not be fetched");
        }
        set.keep(fetched, server.now())
    }

    fn set(&self, url: &str) -> Arc<RemoteSet> {
        let mut sets = lock(&self.sets);
        if sets.len() >= SETS_MAX && !sets.contains_key(url) {
            sets.clear();
        }
        sets.entry(url.to_owned()).or_default().clone()
    }
}

/// What is known of one URL.
#[derive(Default)]
struct RemoteSet {
    kept: Mutex<Kept>,
    /// Held by the one who fetches.
    flight: futures_util::lock::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    keys: Option<Arc<JwkSet>>,
    asked_at: Option<Timestamp>,
}

impl RemoteSet {
    /// What can be said without asking. `None`: it must be fetched.
    fn kept(&self, now: Timestamp, kid: Option<&str>) -> Option<Result<Arc<JwkSet>, Fault>> {
        let kept = lock(&self.kept);
        let age = now.since(kept.asked_at?);
        let Some(keys) = &kept.keys else {
            let error = "the key set was asked for a moment ago, and could not be had";
            return (age < REFETCH_SECONDS_MIN).then(|| Err(Fault::new(error)));
        };
        let lacks = kid.is_some_and(|kid| !keys.keys().iter().any(|key| key.kid() == Some(kid)));
        let is_good = age < REFETCH_SECONDS_MIN || (age < KEPT_SECONDS && !lacks);
        is_good.then(|| Ok(keys.clone()))
    }

    /// Keeps what was fetched, or the last good one where it could not be.
    fn keep(&self, fetched: Result<Arc<JwkSet>, Fault>, now: Timestamp) -> Result<Arc<JwkSet>, Fault> {
        let mut kept = lock(&self.kept);
        kept.asked_at = Some(now);
        match (fetched, &kept.keys) {
            (Ok(keys), _) => {
                kept.keys = Some(keys.clone());
                Ok(keys)
            }
            (Err(_), Some(last_good)) => Ok(last_good.clone()),
            (Err(error), None) => Err(error),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn fetch(server: &AuthorizationServer, url: &str) -> Result<Arc<JwkSet>, Fault> {
    let body = server.fetch().fetch(url, FetchLimits::default()).await.map_err(Fault::new)?;
    JwkSet::parse(&body).map(Arc::new).map_err(Fault::new)
}
