//! The server as a value: its settings, its ports, what it caches, and what was installed in it.

use std::{collections::BTreeMap, sync::Arc};

use protocol::{GrantType, Timestamp};

use crate::{
    clients::{Failures, RemoteKeys},
    endpoints::Endpoint,
    error::Fault,
    grants::GrantHandler,
    keys::KeptKeys,
    master::MasterKey,
    pages::Pages,
    ports::{Accounts, Ports},
    registry::Registry,
    settings::Settings,
    store::{Commit, Store},
};

/// An authorization server for one issuer. Cheap to clone; all clones are one server.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Inner>);

struct Inner {
    settings: Settings,
    token_endpoint: String,
    ports: Ports,
    registry: Registry,
    keys: KeptKeys,
    remote_keys: RemoteKeys,
    failures: Failures,
    grants: BTreeMap<GrantType, Box<dyn GrantHandler>>,
    endpoints: Vec<Endpoint>,
}

/// What the assembly installs.
#[derive(Default)]
pub(crate) struct Installed {
    pub(crate) grants: Vec<Box<dyn GrantHandler>>,
    pub(crate) endpoints: Vec<Endpoint>,
}

impl AuthorizationServer {
    pub(crate) fn new(settings: Settings, ports: Ports, installed: Installed) -> Self {
        let Installed { grants, endpoints } = installed;
        Self(Arc::new(Inner {
            token_endpoint: settings.url(Endpoint::Token.path()),
            remote_keys: RemoteKeys::new(&settings, &ports),
            settings,
            registry: Registry::new(ports.store.clone()),
            ports,
            keys: KeptKeys::default(),
            failures: Failures::default(),
            grants: grants.into_iter().map(|handler| (handler.grant_type(), handler)).collect(),
            endpoints,
        }))
    }

    /// The settings it was assembled with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What is registered, parsed.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// What is remembered.
    pub fn store(&self) -> &dyn Store {
        &*self.0.ports.store
    }

    /// The keys derived from the master key.
    pub fn master(&self) -> &MasterKey {
        &self.0.ports.master
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.0.ports.clock.now()
    }

    /// Commits changes that have nothing to lose a race against.
    pub(crate) async fn write(&self, commit: Commit) -> Result<(), Fault> {
        let verdict = self.store().commit(commit).await?;
        verdict.map_err(|conflict| Fault::new(format!("guard {} did not hold", conflict.guard)))
    }

    pub(crate) fn accounts(&self) -> &dyn Accounts {
        &*self.0.ports.accounts
    }

    pub(crate) fn pages(&self) -> &dyn Pages {
        &*self.0.ports.pages
    }

    pub(crate) fn remote_keys(&self) -> &RemoteKeys {
        &self.0.remote_keys
    }

    pub(crate) fn failures(&self) -> &Failures {
        &self.0.failures
    }

    pub(crate) fn kept_keys(&self) -> &KeptKeys {
        &self.0.keys
    }

    pub(crate) fn token_endpoint(&self) -> &str {
        &self.0.token_endpoint
    }

    pub(crate) fn grant(&self, grant_type: GrantType) -> Option<&dyn GrantHandler> {
        self.0.grants.get(&grant_type).map(|handler| &**handler)
    }

    pub(crate) fn grant_types(&self) -> impl Iterator<Item = GrantType> {
        self.0.grants.keys().copied()
    }

    pub(crate) fn is_mounted(&self, endpoint: Endpoint) -> bool {
        self.0.endpoints.contains(&endpoint)
    }

    pub(crate) fn endpoint_at(&self, path: &str) -> Option<Endpoint> {
        // Django peers are often configured with a slash at the end, and a redirect would drop their POST.
        let path = path.strip_suffix('/').unwrap_or(path);
        self.0.endpoints.iter().copied().find(|endpoint| endpoint.path() == path)
    }

    /// Draws a time-ordered id and 192 random bits, in one call of the generator, and makes a secret of them.
    pub(crate) fn draw<S>(&self, make: impl FnOnce(i64, [u8; 24]) -> S) -> S {
        let mut random = [0; 32];
        self.0.ports.entropy.fill(&mut random);
        let secret = std::array::from_fn(|i| random[8 + i]);
        make(time_ordered(self.0.ports.clock.millis(), std::array::from_fn(|i| random[i])), secret)
    }

    /// Draws a row id: time-ordered. In the unlikely case that it is taken, the commit conflicts.
    pub fn draw_row_id(&self) -> i64 {
        self.draw(|id, _| id)
    }

    /// Draws 128 random bits as text.
    pub(crate) fn draw_id(&self) -> String {
        let mut random = [0; 16];
        self.0.ports.entropy.fill(&mut random);
        jose::base64url::encode(&random)
    }
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthorizationServer({})", self.0.settings.issuer)
    }
}

/// 42 bits of milliseconds in front, 21 random bits behind: rows arrive nearly in order, and stay positive until
/// the year 2109.
fn time_ordered(millis: i64, random: [u8; 8]) -> i64 {
    const RANDOM_BITS: u32 = 21;
    let random = i64::from_be_bytes(random) & ((1 << RANDOM_BITS) - 1);
    (millis << RANDOM_BITS) | random
}
