//! The authorization server as a guard sees it: what is expected of its tokens, where it is, its keys.

use std::sync::Arc;

use jose::SignatureAlgorithm;
use protocol::Timestamp;

use crate::claims::Expected;
use crate::clock::Clock;
use crate::discovery::{Discovery, Endpoints, Http};
use crate::keys::RemoteKeys;

/// One authorization server, shared by both ways of judging a token.
pub(crate) struct Remote {
    pub(crate) expected: Expected,
    pub(crate) algorithms: Vec<SignatureAlgorithm>,
    pub(crate) http: Http,
    pub(crate) discovery: Arc<Discovery>,
    pub(crate) keys: RemoteKeys,
    clock: Arc<dyn Clock>,
}

impl Remote {
    pub(crate) fn new(
        expected: Expected,
        algorithms: Vec<SignatureAlgorithm>,
        configured: Endpoints,
        http: Http,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let issuer = expected.issuer.clone();
        let discovery = Arc::new(Discovery::new(issuer, configured, http.clone(), Arc::clone(&clock)));
        let keys = RemoteKeys::new(Arc::clone(&discovery), http.clone(), Arc::clone(&clock));
        Self { expected, algorithms, http, discovery, keys, clock }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
