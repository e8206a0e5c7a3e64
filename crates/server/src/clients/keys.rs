//! Public keys of clients and resources: registered by value, or fetched from their `jwks_uri` and kept.

use std::sync::Arc;

use fetching::{FetchLimits, Http, KeySets, LookupBudget, NamedBy, Schedule};
use jose::{JwkSet, KeyError, SignatureAlgorithm, VerifyingKey};
use serde_json::Value;

use crate::{error::Fault, ports::Ports, settings::Settings};

/// A client whose key set could not be fetched is refused for 30 s. Anybody can send an assertion in the name of a client,
/// with a `kid` that is made up: that costs its server a fetch in 5 s at most, and the client no more than that when it
/// rotates its keys.
const SCHEDULE: Schedule = Schedule {
    fresh: 300,
    age_max: i64::MAX,
    refetch: 30,
    retry: 30,
    lookups: LookupBudget { burst: 3, every: 5 },
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

    /// The key set of a registration. A fetched set is fetched again when it is old; while its owner is unreachable the
    /// last good set is used.
    pub(crate) async fn of(
        &self,
        by_value: Option<&Value>,
        by_reference: Option<&str>,
    ) -> Result<Arc<JwkSet>, Fault> {
        if let Some(value) = by_value {
            return JwkSet::from_value(value).map(Arc::new).map_err(Fault::new);
        }
        Ok(self.0.get(named(by_reference)?).await.map_err(Fault::new)?.keys)
    }

    /// The keys of a registration that a token can be signed with. A fetched set that has none is fetched again.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the set is unavailable. Inside, [`KeyError`] if it has no such key.
    pub(crate) async fn verifying(
        &self,
        by_value: Option<&Value>,
        by_reference: Option<&str>,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Result<Vec<VerifyingKey>, KeyError>, Fault> {
        if let Some(value) = by_value {
            return Ok(JwkSet::from_value(value).map_err(Fault::new)?.verifying_keys(kid, algorithm));
        }
        self.0.verifying_keys(named(by_reference)?, kid, algorithm).await.map_err(Fault::new)
    }
}

fn named(by_reference: Option<&str>) -> Result<&str, Fault> {
    by_reference.ok_or_else(|| Fault::new("no keys are registered"))
}
