//! Public keys of clients and resources: registered by value, or fetched from their `jwks_uri` and kept.

use std::sync::Arc;

use fetching::{FetchLimits, Http, KeySets, NamedBy, NewerAfter, Schedule};
use jose::JwkSet;
use serde_json::Value;

use crate::{error::Fault, ports::Ports, settings::Settings};

/// A client whose key set could not be fetched is refused for 30 s, but a caller who went away while it was fetched
/// must not keep the next one from it.
const SCHEDULE: Schedule = Schedule {
    fresh: 300,
    age_max: i64::MAX,
    refetch: 30,
    retry: 30,
    retry_abandoned: 0,
    newer_after: NewerAfter::AnyFetch,
};
/// Maximum number of cached key sets; beyond it, all of them are fetched again.
const SETS_MAX: usize = 1_000;

/// The key sets at registered `jwks_uri`s.
pub(crate) struct RemoteKeys(KeySets);

impl RemoteKeys {
    pub(crate) fn new(settings: &Settings, ports: &Ports) -> Self {
        let http = Http { fetch: Arc::clone(&ports.fetch), limits: FetchLimits::default() };
        let named_by = NamedBy::operator_of(settings.issuer.as_str());
        Self(KeySets::new(http, Arc::clone(&ports.clock), named_by, SCHEDULE, SETS_MAX))
    }

    /// The key set of a registration. A fetched set is fetched again when it is old or lacks the requested `kid`, but at
    /// most once in 30 s; while its owner is unreachable the last good set is used.
    pub(crate) async fn of(
        &self,
        by_value: Option<&Value>,
        by_reference: Option<&str>,
        kid: Option<&str>,
    ) -> Result<Arc<JwkSet>, Fault> {
        if let Some(value) = by_value {
            return JwkSet::parse(value.to_string().as_bytes()).map(Arc::new).map_err(Fault::new);
        }
        let url = by_reference.ok_or_else(|| Fault::new("no keys are registered"))?;
        Ok(self.0.get(url, kid).await.map_err(Fault::new)?.keys)
    }
}
