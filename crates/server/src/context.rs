//! The server as a value: its settings, its ports, its caches, and the grants and endpoints that are installed in it.
//! A grant and an endpoint receive the server, and the server owns them, so the three types are defined together, below
//! everything that is installed.

mod token_request;

use std::{borrow::Cow, collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

use async_trait::async_trait;
use fetching::NamedBy;
use http::{HeaderMap, Method};
use protocol::{GrantType, Params, ResponseMode, ResponseType, ServerMetadata, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    answer::Answer,
    clients::{Failures, Proven, RemoteKeys},
    deferred::DeferredMemory,
    draw::{self, Draw, LastId},
    endpoints::offer::Offer,
    error::{Error, Fault},
    incoming::Incoming,
    keys::KeptKeys,
    master::MasterKey,
    pages::Pages,
    pause::Bounds,
    ports::{Accounts, Fetch, Ports},
    registry::{RegisteredClient, Registry},
    settings::Settings,
    settle::Decision,
    store::{Commit, Committed, Remember, Store},
    tokens::issued::Issued,
};

pub use token_request::TokenRequest;

/// An authorization server for one issuer. Cheap to clone; all clones share one state.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Inner>);

/// The URL of the token endpoint, which client assertions may name as their audience (RFC 7523 §3).
pub(crate) const TOKEN_PATH: &str = "/token";

struct Inner {
    settings: Settings,
    token_endpoint: String,
    ports: Ports,
    last_id: LastId,
    registry: Registry,
    keys: KeptKeys,
    remote_keys: RemoteKeys,
    failures: Failures,
    proven: Proven,
    open_interactions: Bounds,
    deferred: DeferredMemory,
    installed: Installed,
}

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Answers token requests of one `grant_type`.
#[async_trait]
pub trait GrantHandler: Send + Sync + 'static {
    /// The `grant_type`: a registered name, or the URI of an extension (RFC 6749 §4.5).
    fn grant_type(&self) -> GrantType;

    /// Reads the stored state and decides. It writes nothing: the caller commits.
    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error>;
}

/// An endpoint below the issuer: its path, methods, CORS policy, metadata and response.
pub struct Endpoint {
    /// The path relative to the issuer, with a leading slash.
    pub path: Cow<'static, str>,
    /// The allowed methods; all others are answered with 405 and `Allow` (RFC 9110 §15.5.6).
    pub methods: &'static [Method],
    /// Which pages of other origins may call it.
    pub cors: Cors,
    /// Writes its part of the metadata document (RFC 8414 §2).
    pub advertise: AdvertiseFn,
    /// Produces the response.
    pub answer: Responder,
}

/// Which pages of other origins may call an endpoint and read its answers (Fetch, "CORS protocol").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    /// None: it is for servers, or for navigation in the browser.
    Forbidden,
    /// The origins that clients registered, those of their redirect URIs included. The server answers the preflight; the endpoint, which knows the
    /// client, decides which origin may read the response.
    ClientOrigins,
    /// All: it is a public document.
    Anyone,
}

/// Writes a part of the metadata document.
pub type AdvertiseFn = Box<dyn Fn(&mut ServerMetadata, &Offer<'_>) + Send + Sync>;

/// Answers a request.
pub type RespondFn =
    Box<dyn for<'a> Fn(&'a AuthorizationServer, &'a Incoming) -> BoxFuture<'a, Answer> + Send + Sync>;

/// Answers a request for a document, if it is rendered.
pub type AtHandFn = Box<dyn Fn(&AuthorizationServer, &HeaderMap) -> Option<Answer> + Send + Sync>;

/// How an endpoint answers.
pub enum Responder {
    /// `endpoints/introspection.rs`
    Introspection,
    /// `endpoints/revocation.rs`
    Revocation,
    /// `endpoints/token.rs`
    Token,
    /// A document that is rendered once and kept.
    Document {
        /// The answer of the current rendering, if there is one.
        at_hand: AtHandFn,
        /// Renders it.
        render: RespondFn,
    },
    /// All others. (The first three are called most: `service.rs` calls them without a box.)
    Boxed(RespondFn),
}

impl Responder {
    /// Wraps a function of the server and the request.
    pub fn new<F>(answer: F) -> Self
    where
        F: for<'a> Fn(&'a AuthorizationServer, &'a Incoming) -> BoxFuture<'a, Answer> + Send + Sync + 'static,
    {
        Self::Boxed(Box::new(answer))
    }
}

/// Finds clients that the operator did not register.
#[async_trait]
pub(crate) trait ClientSource: Send + Sync + 'static {
    /// Whether the client of this id is looked up, or looked up again, given what is registered.
    fn is_due(&self, id: &str, registered: Option<&RegisteredClient>, now: Timestamp) -> bool;

    /// Looks it up, and registers what is found.
    async fn find(
        &self,
        server: &AuthorizationServer,
        id: &str,
    ) -> Result<Option<Arc<RegisteredClient>>, Error>;
}

/// A further source of the parameters of an authorization request, for those that a reference or an object holds.
#[async_trait]
pub(crate) trait RequestSource: Send + Sync + 'static {
    /// Whether it reads the parameters of a request that was sent with these.
    fn reads(&self, sent: &Params<'_>) -> bool;

    /// Reads the parameters. What was sent beside the reference or object is not among them.
    async fn read(&self, server: &AuthorizationServer, sent: &Params<'_>) -> Result<FoundParams, Error>;
}

/// What a [`RequestSource`] found.
#[derive(Debug)]
pub(crate) struct FoundParams {
    /// The parameters.
    pub(crate) params: Params<'static>,
    /// The key of the pushed request that held them (RFC 9126).
    pub(crate) pushed: Option<PushedKey>,
    /// Whether the client signed them (RFC 9101).
    pub(crate) is_signed: bool,
    /// What makes them single-use.
    pub(crate) once: Option<Remember>,
}

/// The key that a pushed request is stored under: the digest of the end of its `request_uri`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PushedKey(pub(crate) Box<str>);

/// One bounded step of maintenance: deletes at most this many rows, returns how many.
pub(crate) type MaintenanceStep =
    for<'a> fn(&'a AuthorizationServer, u32) -> BoxFuture<'a, Result<u32, Fault>>;

/// What is installed in a server.
#[derive(Default)]
pub(crate) struct Installed {
    pub(crate) grants: BTreeMap<&'static str, Box<dyn GrantHandler>>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) sources: Vec<Box<dyn RequestSource>>,
    pub(crate) client_sources: Vec<Box<dyn ClientSource>>,
    pub(crate) response_types: Vec<ResponseType>,
    pub(crate) response_modes: Vec<ResponseMode>,
    /// Parts of the metadata that belong to no endpoint, or change what an endpoint wrote.
    pub(crate) advertised: Vec<AdvertiseFn>,
    pub(crate) maintenance: Vec<MaintenanceStep>,
    /// Whether clients can show a certificate.
    pub(crate) mutual_tls: bool,
}

impl Installed {
    pub(crate) fn grant(&mut self, handler: impl GrantHandler) {
        self.grants.insert(handler.grant_type().as_str(), Box::new(handler));
    }

    pub(crate) fn endpoint(&mut self, endpoint: Endpoint) {
        self.endpoints.push(endpoint);
    }

    pub(crate) fn advertise(
        &mut self,
        advertise: impl Fn(&mut ServerMetadata, &Offer<'_>) + Send + Sync + 'static,
    ) {
        self.advertised.push(Box::new(advertise));
    }

    pub(crate) fn source(&mut self, source: impl RequestSource) {
        self.sources.push(Box::new(source));
    }

    pub(crate) fn client_source(&mut self, source: impl ClientSource) {
        self.client_sources.push(Box::new(source));
    }

    pub(crate) fn maintenance(&mut self, step: MaintenanceStep) {
        self.maintenance.push(step);
    }
}

impl AuthorizationServer {
    pub(crate) fn new(settings: Settings, ports: Ports, installed: Installed) -> Self {
        Self(Arc::new(Inner {
            token_endpoint: settings.url(TOKEN_PATH),
            remote_keys: RemoteKeys::new(&settings, &ports),
            proven: Proven::new(&*ports.entropy),
            registry: Registry::new(ports.store.clone(), settings.any_localhost_redirect),
            settings,
            ports,
            last_id: LastId::default(),
            keys: KeptKeys::default(),
            failures: Failures::default(),
            open_interactions: Bounds::default(),
            deferred: DeferredMemory::default(),
            installed,
        }))
    }

    pub(crate) fn token_endpoint(&self) -> &str {
        &self.0.token_endpoint
    }

    pub(crate) fn installed(&self) -> &Installed {
        &self.0.installed
    }

    /// The settings that it was assembled with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The parsed clients, resources and scopes.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.0.ports.store
    }

    /// The keys derived from the master key.
    pub fn master(&self) -> &MasterKey {
        &self.0.ports.master
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.0.ports.clock.now()
    }

    /// Commits changes that no concurrent writer can conflict with; a conflict is a fault.
    pub(crate) async fn write(&self, commit: Commit) -> Result<Committed, Fault> {
        let verdict = self.store().commit(commit).await?;
        verdict.map_err(|conflict| Fault::new(format!("guard {} failed", conflict.guard)))
    }

    /// Fetches what the operator named.
    pub(crate) fn operators_fetch(&self) -> &dyn Fetch {
        &*self.0.ports.fetch
    }

    /// Fetches what the operator did not name.
    pub(crate) fn strangers_fetch(&self) -> &dyn Fetch {
        &*self.0.ports.strangers_fetch
    }

    /// The users.
    pub fn accounts(&self) -> &dyn Accounts {
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

    pub(crate) fn proven(&self) -> &Proven {
        &self.0.proven
    }

    pub(crate) fn open_interactions(&self) -> &Bounds {
        &self.0.open_interactions
    }

    pub(crate) fn deferred(&self) -> &DeferredMemory {
        &self.0.deferred
    }

    /// What fetches the URLs that a client registered, and the rule for them: a client that registered itself names no
    /// address of this network.
    pub(crate) fn fetch_for(&self, client: &RegisteredClient) -> (NamedBy, &dyn Fetch) {
        match client.provenance.is_strange() {
            true => (NamedBy::Stranger, self.strangers_fetch()),
            false => (NamedBy::operator_of(self.settings().issuer.as_str()), self.operators_fetch()),
        }
    }

    pub(crate) fn kept_keys(&self) -> &KeptKeys {
        &self.0.keys
    }

    /// The generator of ids and secrets.
    pub fn draws(&self) -> Draw<'_> {
        Draw::new(&*self.0.ports.clock, &*self.0.ports.entropy, &self.0.last_id)
    }

    /// Whether a row can have this id.
    pub(crate) fn is_drawn(&self, id: i64) -> bool {
        draw::is_drawn(id, self.0.ports.clock.millis())
    }

    pub(crate) fn draw<S>(&self, make: impl FnOnce(i64, [u8; 24]) -> S) -> S {
        self.draws().token(make)
    }

    /// Generates a row id; see [`Draw::row_id`].
    pub fn draw_row_id(&self) -> i64 {
        self.draws().row_id()
    }

    pub(crate) fn draw_id(&self) -> String {
        self.draws().id()
    }
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthorizationServer({})", self.0.settings.issuer)
    }
}
