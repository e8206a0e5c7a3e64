//! The ports that a host provides: users, time, randomness, fetching of documents.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::Subject;
use serde_json::{Map, Value};

pub use fetching::{Clock, Fetch, FetchError, FetchLimits, NoFetch, SystemClock};

use crate::{
    error::Fault,
    master::MasterKey,
    pages::{Pages, PlainPages},
    store::Store,
};

/// The ports that a host provides.
#[derive(Clone)]
pub struct Ports {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The users.
    pub accounts: Arc<dyn Accounts>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Fetches key sets of clients and resources.
    pub fetch: Arc<dyn Fetch>,
    /// Fetches what clients name that the operator did not register: their metadata documents and key sets. It connects to
    /// public addresses only, which it checks after it resolved a name ([`fetching::NamedBy::Stranger`]).
    pub strangers_fetch: Arc<dyn Fetch>,
    /// Renders pages that are shown instead of a redirect.
    pub pages: Arc<dyn Pages>,
    /// The key that secrets are encrypted with.
    pub master: Arc<MasterKey>,
}

impl Ports {
    /// Ports with the system's clock and randomness, unstyled error pages, and no fetching: clients and resources
    /// register their keys by value.
    ///
    /// The clock must not start below [`Store::newest`]; a host whose clock may have been set back uses
    /// [`SystemClock::starting_at`].
    pub fn new(store: Arc<dyn Store>, accounts: Arc<dyn Accounts>, master: MasterKey) -> Self {
        Self {
            store,
            accounts,
            clock: Arc::new(SystemClock::default()),
            entropy: Arc::new(SystemEntropy),
            fetch: Arc::new(NoFetch),
            strangers_fetch: Arc::new(NoFetch),
            pages: Arc::new(PlainPages),
            master: Arc::new(master),
        }
    }
}

/// The users. A host with its own users implements this over its own table.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Whether this subject may get tokens now. Called at redemption, refresh and UserInfo, never cached.
    async fn standing(&self, who: &Subject) -> Result<Standing, Fault>;

    /// The values of the requested claims that are known (OpenID Connect Core 1.0 §5.1), without `sub`.
    async fn claims(&self, who: &Subject, wanted: &[String]) -> Result<Map<String, Value>, Fault>;

    /// Both of the above. A host that keeps them together answers with one read.
    async fn standing_and_claims(
        &self,
        who: &Subject,
        wanted: &[String],
    ) -> Result<(Standing, Map<String, Value>), Fault> {
        Ok((self.standing(who).await?, self.claims(who, wanted).await?))
    }

    /// The subject that a `login_hint` of a client names, if there is one (CIBA Core 1.0 §7.1), such as by a username.
    async fn by_login_hint(&self, _hint: &str) -> Result<Option<Subject>, Fault> {
        Ok(None)
    }

    /// The value of `username` in introspection answers (RFC 7662 §2.2); absent if `None`.
    async fn username(&self, _who: &Subject) -> Result<Option<String>, Fault> {
        Ok(None)
    }
}

/// Whether a subject may get tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Active,
    /// The account is disabled.
    Disabled,
    /// There is no such account, or it was deleted.
    Gone,
}

/// Cryptographically secure randomness.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the whole buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// Randomness from the operating system's generator, as the cryptographic library draws it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        jose::primitives::random(bytes);
    }
}
