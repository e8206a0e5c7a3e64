//! A complete authorization server in a test: without sockets, with a clock, randomness, accounts and peers that the
//! test controls.
//!
//! ```
//! # use passavant_testkit as testkit;
//! use server::Reason;
//! use testkit::server::{TestServer, confidential};
//!
//! # async fn example() {
//! let server = TestServer::new().client(confidential("shop")).account("alice").start().await;
//! let code = server.browser().sign_in("alice").authorize("shop").code().await;
//! server.clock.advance(61);
//! server.redeem(&code).await.refused(Reason::CodeExpired);
//! # }
//! ```

mod accounts;
mod assertion;
mod authorize;
mod browser;
mod call;
mod fetch;
mod proof;
mod registration;
mod reply;
mod running;

use std::sync::{Arc, OnceLock};

use jose::{SignatureAlgorithm, SigningKey};
use server::{
    AuthorizationServer, MasterKey, PlainPages, Ports, ServerBuilder, Settings,
    ports::{Clock as _, Entropy},
    store::{Commit, KeyChange, KeyRecord, KeyState, RegistryChange, Scope, Store, memory::MemoryStore},
};

pub use accounts::{TestAccounts, subject};
pub use assertion::Assertion;
pub use authorize::{Authorize, Code, Landing};
pub use browser::Browser;
pub use call::Call;
pub use fetch::ScriptedFetch;
pub use proof::DpopProof;
pub use registration::{TestClient, TestResource, confidential, public, resource};
pub use reply::Reply;
pub use running::Running;

use crate::{SeededEntropy, VirtualClock};

/// The default issuer.
pub const ISSUER: &str = "https://as.example";
/// The master key of tests. It is not a secret.
const MASTER: [u8; 32] = [7; 32];

/// A server that is not started yet: its registrations, accounts, and store.
pub struct TestServer {
    settings: Settings,
    store: Arc<dyn Store>,
    accounts: TestAccounts,
    clients: Vec<TestClient>,
    resources: Vec<TestResource>,
    scopes: Vec<Scope>,
    entropy: Arc<dyn Entropy>,
    install: Vec<Install>,
}

/// Installs grants and endpoints of a host.
type Install = Box<dyn FnOnce(ServerBuilder) -> ServerBuilder>;

impl TestServer {
    /// A server at [`ISSUER`] with default settings, an empty store in memory, and no accounts.
    pub fn new() -> Self {
        Self {
            settings: Settings::new(ISSUER).expect("it is https"),
            store: Arc::new(MemoryStore::new()),
            accounts: TestAccounts::default(),
            clients: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            entropy: Arc::new(SeededEntropy::default()),
            install: Vec::new(),
        }
    }

    /// Registers a client.
    #[must_use]
    pub fn client(mut self, client: TestClient) -> Self {
        self.clients.push(client);
        self
    }

    /// Registers a resource.
    #[must_use]
    pub fn resource(mut self, resource: TestResource) -> Self {
        self.resources.push(resource);
        self
    }

    /// Registers a scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// Adds an account; see [`TestAccounts::add`].
    #[must_use]
    pub fn account(self, name: &str) -> Self {
        self.accounts.add(name);
        self
    }

    /// Changes the settings.
    #[must_use]
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Replaces the store in memory.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// Sets the seed of the randomness.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.entropy(Arc::new(SeededEntropy::new(seed)))
    }

    /// Replaces the seeded randomness.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Installs a grant or an endpoint of a host.
    #[must_use]
    pub fn install(mut self, part: impl FnOnce(ServerBuilder) -> ServerBuilder + 'static) -> Self {
        self.install.push(Box::new(part));
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If the store fails, or two registrations or installed parts conflict.
    pub async fn start(self) -> Running {
        let clock = VirtualClock::default();
        let accounts = Arc::new(self.accounts);
        let fetch = Arc::new(ScriptedFetch::default());
        let ports = Ports {
            store: self.store.clone(),
            accounts: accounts.clone(),
            clock: Arc::new(clock.clone()),
            entropy: self.entropy,
            fetch: fetch.clone(),
            strangers_fetch: fetch.clone(),
            pages: Arc::new(PlainPages),
            master: Arc::new(MasterKey::new(&MASTER)),
        };
        let builder = AuthorizationServer::builder(self.settings, ports);
        let builder = self.install.into_iter().fold(builder, |builder, install| install(builder));
        let authorization_server = builder.build().expect("no two parts clash");
        let mut running = Running::new(authorization_server, clock, accounts, fetch, self.store);
        let mut commit = Commit::new(running.clock.now());
        for key in keys() {
            commit.push(KeyChange::Add(key.clone()));
        }
        for scope in self.scopes {
            commit.push(RegistryChange::PutScope(scope));
        }
        running.commit(commit).await;
        for client in self.clients {
            running.put_client(client).await;
        }
        for resource in self.resources {
            running.put_resource(resource).await;
        }
        let events = running.store.events(0, u32::MAX).await.expect("the store works");
        running.furnished = events.last().map_or(0, |(cursor, _)| *cursor);
        running
    }
}

impl Running {
    /// The same server after a restart: what it kept in memory is gone. Parts of a host are not installed again.
    #[must_use]
    pub fn restarted(&self) -> Self {
        let ports = Ports {
            store: self.store.clone(),
            accounts: self.accounts.clone(),
            clock: Arc::new(self.clock.clone()),
            entropy: Arc::new(SeededEntropy::new(u64::MAX)),
            fetch: self.fetch.clone(),
            strangers_fetch: self.fetch.clone(),
            pages: Arc::new(PlainPages),
            master: Arc::new(MasterKey::new(&MASTER)),
        };
        let settings = self.authorization_server.settings().clone();
        let mut restarted = self.clone();
        restarted.authorization_server = AuthorizationServer::assemble(settings, ports);
        restarted
    }
}

impl Default for TestServer {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for TestServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TestServer({}, not started)", self.settings.issuer)
    }
}

/// The first keys, generated once for all servers of a process: an RSA key takes longer than a test.
fn keys() -> &'static [KeyRecord; 2] {
    static KEYS: OnceLock<[KeyRecord; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [SignatureAlgorithm::Es256, SignatureAlgorithm::Rs256].map(make_key))
}

fn make_key(algorithm: SignatureAlgorithm) -> KeyRecord {
    let key = SigningKey::generate(algorithm).expect("fails without entropy only");
    let private = key.to_private_jwk().expect("it is no shared secret");
    let created_at = VirtualClock::default().now();
    KeyRecord {
        kid: key.kid().to_owned(),
        algorithm,
        state: KeyState::Active,
        sealed: MasterKey::new(&MASTER).seal(key.kid(), private.as_bytes()),
        created_at,
        active_at: created_at,
        retired_at: None,
    }
}
