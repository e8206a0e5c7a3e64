//! Public keys of clients and resources: registered by value, or fetched from their `jwks_uri` and kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
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
    kept: Mutex<HashMap<String, Kept>>,
}

#[derive(Clone)]
struct Kept {
    keys: Option<Arc<JwkSet>>,
    asked_at: Timestamp,
}

impl RemoteKeys {
    /// The key set of a registration. Fetched again when it is old, or when it lacks the wanted `kid`, but at most
    /// once in [`REFETCH_SECONDS_MIN`]; the last good one is kept while its owner is away.
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
        let now = server.now();
        let kept = self.lock().get(url).cloned();
        if let Some(Kept { keys: Some(keys), asked_at }) = &kept {
            let age = now.since(*asked_at);
            let lacks = kid.is_some_and(|kid| !keys.keys().iter().any(|key| key.kid() == Some(kid)));
            if age < REFETCH_SECONDS_MIN || (age < KEPT_SECONDS && !lacks) {
                return Ok(keys.clone());
            }
        }
        if let Some(Kept { keys: None, asked_at }) = &kept
            && now.since(*asked_at) < REFETCH_SECONDS_MIN
        {
            return Err(Fault::new("the key set was asked for a moment ago, and could not be had"));
        }
        let last_good = kept.and_then(|kept| kept.keys);
        self.keep(url, last_good.clone(), now);
        match fetch(server, url).await {
            Ok(keys) => {
                self.keep(url, Some(keys.clone()), now);
                Ok(keys)
            }
            Err(error) => {
                tracing::warn!(url, %error, "a key set could not be fetched");
                last_good.ok_or(error)
            }
        }
    }

    fn keep(&self, url: &str, keys: Option<Arc<JwkSet>>, asked_at: Timestamp) {
        let mut kept = self.lock();
        if kept.len() >= SETS_MAX && !kept.contains_key(url) {
            kept.clear();
        }
        kept.insert(url.to_owned(), Kept { keys, asked_at });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

async fn fetch(server: &AuthorizationServer, url: &str) -> Result<Arc<JwkSet>, Fault> {
    let body = server.fetch().fetch(url, FetchLimits::default()).await.map_err(Fault::new)?;
    JwkSet::parse(&body).map(Arc::new).map_err(Fault::new)
}
