//! What a host fills in: who the users are, what time it is, where randomness comes from, how documents are fetched.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use protocol::{Subject, Timestamp};
use serde_json::{Map, Value};

use crate::{error::Fault, master::MasterKey, pages::Pages, store::Store};

/// What a host fills in.
#[derive(Clone)]
pub struct Ports {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// Who the users are.
    pub accounts: Arc<dyn Accounts>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// How key sets of clients and resources are fetched.
    pub fetch: Arc<dyn Fetch>,
    /// How pages look that are shown instead of a redirect.
    pub pages: Arc<dyn Pages>,
    /// What secrets are kept under.
    pub master: Arc<MasterKey>,
}

/// Who the users are. A host with its own users implements this over its own table.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Whether this subject may get tokens now. Asked at redemption, refresh and UserInfo, never cached.
    async fn standing(&self, who: &Subject) -> Result<Standing, Fault>;

    /// The values of those claims that are wanted and known (OpenID Connect Core 1.0 §5.1), without `sub`.
    async fn claims(&self, who: &Subject, wanted: &[String]) -> Result<Map<String, Value>, Fault>;

    /// What stands in `username` of introspection answers (RFC 7662 §2.2).
    async fn username(&self, who: &Subject) -> Result<Option<String>, Fault>;
}

/// Whether a subject may get tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Active,
    /// Not now.
    Disabled,
    /// There is no such account, or no longer.
    Gone,
}

/// What time it is. It never goes back.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970.
    fn millis(&self) -> i64;

    /// Seconds since 1970, rounded down.
    fn now(&self) -> Timestamp {
        Timestamp(self.millis().div_euclid(1000))
    }
}

/// Where randomness comes from. Must be fit for cryptography.
pub trait Entropy: Send + Sync + 'static {
    /// Fills all of it.
    fn fill(&self, bytes: &mut [u8]);
}

/// How documents that the operator named are fetched: `jwks_uri` of clients and resources.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// The body of a 200 answer. Returns by the deadline, whatever the peer does.
    async fn fetch(&self, url: &str, limits: FetchLimits) -> Result<Bytes, FetchError>;
}

/// Bounds of one fetch. Redirects are never followed.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// Milliseconds until the last byte must be there.
    pub deadline_millis: u64,
    /// Longest body, in bytes.
    pub bytes_max: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self { deadline_millis: 5_000, bytes_max: 64 * 1024 }
    }
}

/// Why a document could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address may not be asked: neither `https` nor loopback beside an `http` issuer.
    #[error("{0} may not be fetched: use https")]
    Forbidden(String),
    /// Another status than 200. Redirects are not followed.
    #[error("answered with status {0}")]
    Status(u16),
    /// No whole answer by the deadline.
    #[error("no answer in time")]
    Timeout,
    /// Beyond [`FetchLimits::bytes_max`].
    #[error("the answer is too large")]
    TooLarge,
    /// No connection, or it broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
}

/// Fetches nothing: for servers whose clients and resources register their keys by value.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFetch;

#[async_trait]
impl Fetch for NoFetch {
    async fn fetch(&self, url: &str, _: FetchLimits) -> Result<Bytes, FetchError> {
        Err(FetchError::Forbidden(url.to_owned()))
    }
}

/// Randomness from the operating system's generator, as the cryptographic library draws it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        jose::primitives::random(bytes);
    }
}
