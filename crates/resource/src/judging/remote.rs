//! One authorization server: what is expected of its tokens, its endpoints, its keys.

use std::sync::Arc;

use fetching::{Clock, Http};
use jose::SignatureAlgorithm;
use protocol::Timestamp;

use crate::judging::cache::{Cache, Lifetimes};
use crate::judging::expected::ExpectedToken;
use crate::trust::discovery::{Discovery, Endpoints};
use crate::trust::keys::RemoteKeys;

/// One authorization server, shared by local verification and introspection.
pub(crate) struct Remote {
    pub(crate) expected: ExpectedToken,
    pub(crate) algorithms: Vec<SignatureAlgorithm>,
    pub(crate) http: Http,
    pub(crate) discovery: Arc<Discovery>,
    pub(crate) keys: RemoteKeys,
    /// Judgements on its tokens; `None` if they are not cached.
    pub(crate) cache: Option<Cache>,
    clock: Arc<dyn Clock>,
}

impl Remote {
    pub(crate) fn new(
        expected: ExpectedToken,
        algorithms: Vec<SignatureAlgorithm>,
        configured: Endpoints,
        http: Http,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let issuer = expected.issuer.clone();
        let discovery = Arc::new(Discovery::new(issuer, configured, http.clone(), Arc::clone(&clock)));
        let keys = RemoteKeys::new(Arc::clone(&discovery), http.clone(), Arc::clone(&clock));
        Self { expected, algorithms, http, discovery, keys, cache: None, clock }
    }

    /// Caches judgements on tokens this long.
    pub(crate) fn keeping(self, lifetimes: Lifetimes) -> Self {
        Self { cache: Cache::new(lifetimes), ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
