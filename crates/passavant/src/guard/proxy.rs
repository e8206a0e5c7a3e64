//! The reverse proxy: a request is let through with an accepted token, or at a public path.

use http::{Method, Request, Response, request::Parts};
use hyper::body::Incoming;
use resource::{Guard, MetadataService, Token};
use serving::Exchange;
use tower_service::Service as _;

use super::{
    cors::{AllowedPage, is_preflight},
    error::{GuardError, Refusal},
    forward::Forwarder,
    identity::Identity,
    nonce,
    paths::{PublicPaths, Standing},
    response::{Body, whole},
    settings::Settings,
    upstream::Upstream,
};

/// Guards one upstream.
pub(super) struct Proxy {
    guard: Guard,
    metadata: MetadataService,
    public: PublicPaths,
    public_preflights: bool,
    identity: Identity,
    forwarder: Forwarder,
}

impl Proxy {
    pub(super) fn new(settings: &Settings, guard: &Guard, upstream: Upstream) -> Self {
        Self {
            guard: guard.clone(),
            metadata: guard.metadata_service(),
            public: settings.public.clone(),
            public_preflights: settings.public_preflights,
            identity: settings.identity,
            forwarder: Forwarder::new(upstream, settings.forward.clone()),
        }
    }

    /// Returns the answer of the upstream, or refuses.
    ///
    /// # Errors
    /// [`Refusal`]
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        exchange: Exchange,
        page: Option<&AllowedPage>,
    ) -> Result<Response<Body>, Refusal> {
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return Err(GuardError::MethodUnsupported.into());
        }
        if self.metadata.paths().any(|path| path == request.uri().path()) {
            let Ok(answer) = self.metadata.clone().call(request).await;
            return Ok(whole(answer));
        }
        if let Some(page) = page.filter(|_| !self.public_preflights)
            && is_preflight(request.method(), request.headers())
        {
            return Ok(page.preflight(request.headers()));
        }
        let (head, body) = request.into_parts();
        let mut sent = self.forwarder.prepare(&head, exchange.peer)?;
        let token = self.admit(&head).await?;
        if let Some(token) = &token {
            self.identity.of(&self.guard, token)?.write_known(&mut sent.headers);
        }
        let mut answer = self.forwarder.pass(sent, Request::from_parts(head, body), exchange).await?;
        if let Some(token) = &token {
            nonce::renew(token, answer.headers_mut());
        }
        Ok(answer)
    }

    /// The token that lets the request through; `None` where none is needed.
    async fn admit(&self, head: &Parts) -> Result<Option<Token>, Refusal> {
        match self.public.judge(head.uri.path()) {
            Standing::Ambiguous => return Err(GuardError::PathAmbiguous.into()),
            Standing::Public => return Ok(None),
            Standing::Guarded => {}
        }
        if self.public_preflights && is_preflight(&head.method, &head.headers) {
            return Ok(None);
        }
        Ok(Some(self.guard.check(head).await?))
    }
}
