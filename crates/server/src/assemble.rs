//! The one place where the parts of a server are put together and optional ones are switched on.

use std::{collections::BTreeMap, sync::Arc};

use protocol::{GrantType, Timestamp};

use crate::{
    clients::{Failures, RemoteKeys},
    error::Fault,
    grants::{
        GrantHandler, authorization_code::AuthorizationCodeGrant, client_credentials::ClientCredentials,
        refresh_token::RefreshTokenGrant,
    },
    keys::KeptKeys,
    master::MasterKey,
    pages::Pages,
    ports::{Accounts, Clock, Entropy, Fetch},
    registry::Registry,
    service::Service,
    settings::Settings,
    store::{Commit, Store},
};

/// What a host fills in.
#[derive(Clone)]
pub struct Ports {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// Who the users are.
    pub accounts: Arc<dyn Accounts>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
    /// How key sets of clients and resources are fetched.
    pub fetch: Arc<dyn Fetch>,
    /// How pages look that are shown instead of a redirect.
    pub pages: Arc<dyn Pages>,
    /// What secrets are kept under.
    pub master: Arc<MasterKey>,
}

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

/// What can be mounted below the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    Authorize,
    EndSession,
    Introspect,
    Jwks,
    Metadata,
    OpenIdMetadata,
    Revoke,
    Token,
    UserInfo,
}

impl Endpoint {
    const ALL: [Self; 9] = [
        Self::Authorize,
        Self::EndSession,
        Self::Introspect,
        Self::Jwks,
        Self::Metadata,
        Self::OpenIdMetadata,
        Self::Revoke,
        Self::Token,
        Self::UserInfo,
    ];

    /// The canonical path: clients of the Model Context Protocol fall back to exactly these.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Authorize => "/authorize",
            Self::EndSession => "/logout",
            Self::Introspect => "/introspect",
            Self::Jwks => "/jwks",
            Self::Metadata => "/.well-known/oauth-authorization-server",
            Self::OpenIdMetadata => "/.well-known/openid-configuration",
            Self::Revoke => "/revoke",
            Self::Token => "/token",
            Self::UserInfo => "/userinfo",
        }
    }
}

impl AuthorizationServer {
    /// Puts a server together. Nothing is read or written yet; see [`Self::ensure_keys`].
    pub fn assemble(settings: Settings, ports: Ports) -> Self {
        let grants: [Box<dyn GrantHandler>; 3] =
            [Box::new(AuthorizationCodeGrant), Box::new(ClientCredentials), Box::new(RefreshTokenGrant)];
        Self(Arc::new(Inner {
            token_endpoint: settings.url(Endpoint::Token.path()),
            settings,
            registry: Registry::new(ports.store.clone()),
            ports,
            keys: KeptKeys::default(),
            remote_keys: RemoteKeys::default(),
            failures: Failures::default(),
            grants: grants.into_iter().map(|handler| (handler.grant_type(), handler)).collect(),
            endpoints: Endpoint::ALL.to_vec(),
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

    /// The server as a `tower` service, to be mounted at the issuer's path.
    pub fn service(&self) -> Service {
        Service::new(self.clone())
    }

    /// One bounded step of housekeeping: what ended and retired keys; answers how many rows went. The host calls it every few seconds, and again
    /// at once while it answers with `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn maintain(&self, limit: u32) -> Result<u32, Fault> {
        let swept = self.store().sweep(self.now(), limit).await?;
        Ok(swept + self.delete_outlived_keys(limit.saturating_sub(swept)).await?)
    }

    /// Commits changes that have nothing to lose a race against.
    pub(crate) async fn write(&self, commit: Commit) -> Result<(), Fault> {
        let verdict = self.store().commit(commit).await?;
        verdict.map_err(|conflict| Fault::new(format!("guard {} did not hold", conflict.guard)))
    }

    pub(crate) fn accounts(&self) -> &dyn Accounts {
        &*self.0.ports.accounts
    }

    pub(crate) fn fetch(&self) -> &dyn Fetch {
        &*self.0.ports.fetch
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

    /// Draws a time-ordered id and 192 bits of chance, in one call of the generator, and makes a secret of them.
    pub(crate) fn draw<S>(&self, make: impl FnOnce(i64, [u8; 24]) -> S) -> S {
        let mut chance = [0; 32];
        self.0.ports.entropy.fill(&mut chance);
        let secret = std::array::from_fn(|i| chance[8 + i]);
        make(time_ordered(self.0.ports.clock.millis(), std::array::from_fn(|i| chance[i])), secret)
    }

    /// Draws a row id: time-ordered, unlike any other but by a chance that a conflict catches.
    pub fn draw_row_id(&self) -> i64 {
        self.draw(|id, _| id)
    }

    /// Draws 128 bits of chance as text.
    pub(crate) fn draw_id(&self) -> String {
        let mut chance = [0; 16];
        self.0.ports.entropy.fill(&mut chance);
        jose::base64url::encode(&chance)
    }
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthorizationServer({})", self.0.settings.issuer)
    }
}

/// 42 bits of milliseconds in front, 21 bits of chance behind: rows arrive nearly in order, and stay positive until
/// the year 2109.
fn time_ordered(millis: i64, chance: [u8; 8]) -> i64 {
    const CHANCE_BITS: u32 = 21;
    let chance = i64::from_be_bytes(chance) & ((1 << CHANCE_BITS) - 1);
    (millis << CHANCE_BITS) | chance
}
