//! Public keys of clients and resources: registered by value, or fetched from their `jwks_uri` and kept.

use std::sync::Arc;

use fetching::{Fetch, FetchLimits, Http, KeySets, LookupBudget, NamedBy, Schedule};
use jose::{JwkSet, KeyError, SignatureAlgorithm, VerifyingKey};
use serde_json::Value;

use crate::{
    error::Fault,
    ports::Ports,
    registry::{RegisteredClient, RegisteredResource},
    settings::Settings,
};

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
pub(crate) struct RemoteKeys {
    operators: KeySets,
    /// Of clients that the operator did not register, and whose URLs only lead to public addresses.
    strangers: KeySets,
}

/// Where the keys of a registration are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySource<'a> {
    by_value: Option<&'a Value>,
    by_reference: Option<&'a str>,
    is_strange: bool,
}

impl<'a> KeySource<'a> {
    /// The keys of a client.
    pub(crate) fn client(client: &'a RegisteredClient) -> Self {
        let (metadata, is_strange) = (&client.metadata, client.provenance.is_strange());
        let (by_value, by_reference) = (metadata.jwks.as_ref(), metadata.jwks_uri.as_deref());
        Self { by_value, by_reference, is_strange }
    }

    /// The keys of a resource.
    pub(crate) fn resource(resource: &'a RegisteredResource) -> Self {
        let settings = &resource.settings;
        let (by_value, by_reference) = (settings.jwks.as_ref(), settings.jwks_uri.as_deref());
        Self { by_value, by_reference, is_strange: false }
    }

    /// The keys at a URL that the operator configured.
    pub(crate) fn configured(url: &'a str) -> Self {
        Self { by_value: None, by_reference: Some(url), is_strange: false }
    }

    /// Whether any are registered.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_value.is_none() && self.by_reference.is_none()
    }

    fn url(&self) -> Result<&'a str, Fault> {
        self.by_reference.ok_or_else(|| Fault::new("no keys are registered"))
    }
}

impl RemoteKeys {
    pub(crate) fn new(settings: &Settings, ports: &Ports) -> Self {
        let sets = |fetch: &Arc<dyn Fetch>, named_by| {
            let http = Http { fetch: Arc::clone(fetch), limits: FetchLimits::default() };
            KeySets::new(http, Arc::clone(&ports.clock), named_by, SCHEDULE, SETS_MAX)
        };
        Self {
            operators: sets(&ports.fetch, NamedBy::operator_of(settings.issuer.as_str())),
            strangers: sets(&ports.strangers_fetch, NamedBy::Stranger),
        }
    }

    fn sets(&self, source: KeySource<'_>) -> &KeySets {
        if source.is_strange { &self.strangers } else { &self.operators }
    }

    /// The key set of a registration. A fetched set is fetched again when it is old; while its owner is unreachable the
    /// last good set is used.
    pub(crate) async fn of(&self, source: KeySource<'_>) -> Result<Arc<JwkSet>, Fault> {
        if let Some(value) = source.by_value {
            return JwkSet::from_value(value).map(Arc::new).map_err(Fault::new);
        }
        Ok(self.sets(source).get(source.url()?).await.map_err(Fault::new)?.keys)
    }

    /// The keys of a registration that a token can be signed with. A fetched set that has none is fetched again.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the set is unavailable. Inside, [`KeyError`] if it has no such key.
    pub(crate) async fn verifying(
        &self,
        source: KeySource<'_>,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Result<Vec<VerifyingKey>, KeyError>, Fault> {
        if let Some(value) = source.by_value {
            return Ok(JwkSet::from_value(value).map_err(Fault::new)?.verifying_keys(kid, algorithm));
        }
        self.sets(source).verifying_keys(source.url()?, kid, algorithm).await.map_err(Fault::new)
    }
}
