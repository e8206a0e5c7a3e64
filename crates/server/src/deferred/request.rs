//! What a client asks for, and its record.

use protocol::{ClientId, DeferredCode, Scopes};

use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources, TokenAudience},
    authorize::request::scopes,
    error::{Error, Fault},
    reason::Reason,
    registry::RegisteredClient,
    store::{Commit, Deferred, DeferredChange, DeferredState, Whose},
};

/// What a request asks for, checked as an authorization request is.
#[derive(Debug)]
pub(crate) struct Asked {
    client: ClientId,
    scopes: Scopes,
    audience: TokenAudience,
}

/// Checks scope and resources as `/authorize` does (RFC 8628 §3.1, RFC 8707 §2).
///
/// # Errors
/// [`Reason::ScopeMalformed`], [`Reason::ScopeNotRegistered`], and those of [`audience::of`].
pub(crate) async fn asked<'p>(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    scope: Option<&str>,
    resources: impl IntoIterator<Item = &'p str>,
) -> Result<Asked, Error> {
    let scopes = scopes(client, scope)?;
    let wanted = RequestedResources::read(resources)?;
    let audience = audience::of(&*server.registry().resources().await?, client, &scopes, &wanted)?;
    if server.settings().one_resource_per_token && audience.resources.len() > 1 {
        return Err(Reason::AudienceTooMany.into());
    }
    Ok(Asked { client: client.id().clone(), scopes, audience })
}

impl Asked {
    /// The scopes.
    pub(crate) fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// The secret of a new request, and the commit that adds it. An id or user code that is taken is a conflict.
    pub(crate) fn add(
        &self,
        server: &AuthorizationServer,
        whose: Whose,
        lifetime: i64,
        facts: impl FnOnce(&DeferredCode) -> Result<Box<str>, Fault>,
    ) -> Result<(DeferredCode, Commit), Error> {
        let now = server.now();
        let code: DeferredCode = server.draw(DeferredCode::mint);
        let row = Deferred {
            whose,
            client: self.client.clone(),
            scopes: self.scopes.clone(),
            audience: self.audience.identifiers(),
            narrowed: self.audience.narrowed,
            facts: facts(&code)?,
            asked_at: now,
            expires_at: now + lifetime,
            state: DeferredState::Waiting,
        };
        let commit = Commit::new(now).with(DeferredChange::Add(code.handle(), Box::new(row)));
        Ok((code, commit))
    }
}
