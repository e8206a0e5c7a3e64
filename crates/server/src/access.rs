//! Access tokens that come back: found by their handle or their signature, and judged. For this server's own endpoints,
//! and for the host's own routes.

use http::request::Parts;
use protocol::{AccessToken, Handle, JwtId, Timestamp, limits};

use crate::{
    AuthorizationServer,
    answer::{self, Answer},
    error::{Error, Fault},
    incoming::Head as _,
    ports::Standing,
    reason::Reason,
    store::{Access, Ended},
    tokens,
};

impl AuthorizationServer {
    /// The access token of a request to one of the host's own routes, opaque or JWT, from the `Authorization` header
    /// alone (RFC 6750 §2.1). The audience must be one of the token's, byte for byte, and every scope must be in it.
    ///
    /// What the store says is asked each time, so a revoked token, an ended grant, a disabled client and a disabled
    /// account are seen at once.
    ///
    /// # Errors
    /// [`Denied`], whose answer carries the challenge of RFC 6750 §3.
    pub async fn access(&self, head: &Parts, audience: &str, scopes: &[&str]) -> Result<Access, Denied> {
        let denied = |error: Error| Denied { error, scopes: scopes.join(" ") };
        self.weigh(head, audience, scopes).await.map_err(denied)
    }

    async fn weigh(&self, head: &Parts, audience: &str, scopes: &[&str]) -> Result<Access, Error> {
        let presented = head.bearer()?.ok_or(Reason::TokenMissing)?;
        let found = find(self, presented).await?.ok_or(Reason::TokenInactive)?;
        let access = found.live(self.now())?;
        if !access.audience.iter().any(|own| own.as_str() == audience) {
            return Err(Reason::TokenInactive.into());
        }
        if let Some(subject) = &access.subject {
            match self.accounts().standing(subject).await? {
                Standing::Active => {}
                Standing::Disabled | Standing::Gone => return Err(Reason::TokenInactive.into()),
            }
        }
        if scopes.iter().all(|scope| access.scopes.contains(scope)) {
            Ok(access)
        } else {
            Err(Reason::ScopeInsufficient.into())
        }
    }
}

/// Why a request to one of the host's own routes is turned away, and what it was to show.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Denied {
    error: Error,
    scopes: String,
}

impl Denied {
    /// A refusal by a rule of the host's own, on a route that asks for these scopes.
    pub fn new(reason: Reason, scopes: &[&str]) -> Self {
        Self { error: reason.into(), scopes: scopes.join(" ") }
    }

    /// Why; `None` where the server itself failed.
    pub fn reason(&self) -> Option<Reason> {
        match self.error {
            Error::Refused(reason) => Some(reason),
            Error::Failed(_) => None,
        }
    }

    /// What the caller reads: the status, the challenge with the scopes where they were missing, and the code as JSON
    /// (RFC 6750 §3.1).
    pub fn answer(&self) -> Answer {
        answer::bearer_error(&self.error, &self.scopes)
    }
}

impl From<Fault> for Denied {
    fn from(fault: Fault) -> Self {
        Self { error: fault.into(), scopes: String::new() }
    }
}

/// An access token of this server, and what ended it before its time.
pub(crate) struct Found {
    pub(crate) access: Access,
    pub(crate) ended: Option<Ended>,
    pub(crate) by: FoundBy,
}

/// What is remembered of an access token, or would be.
pub(crate) enum FoundBy {
    /// Its row.
    Handle(Handle<AccessToken>),
    /// The `jti` of a JWT, which has no row.
    Jti(JwtId),
}

impl Found {
    /// What it says, while it is neither ended nor expired.
    pub(crate) fn live(self, now: Timestamp) -> Result<Access, Reason> {
        if self.ended.is_none() && self.access.expires_at > now {
            Ok(self.access)
        } else {
            Err(Reason::TokenInactive)
        }
    }
}

/// Finds an access token, opaque or JWT. `None`: none of this server's, or no longer remembered.
pub(crate) async fn find(server: &AuthorizationServer, token: &str) -> Result<Option<Found>, Fault> {
    if let Some(opaque) = AccessToken::presented(token) {
        return open(server, opaque.handle()).await;
    }
    if token.len() > limits::TOKEN_BYTES_MAX {
        return Ok(None);
    }
    let found = tokens::read_jwt(server, token).await?;
    Ok(found.map(|(access, jti, ended)| Found { access, ended, by: FoundBy::Jti(jti) }))
}

/// Finds an opaque access token.
pub(crate) async fn find_opaque(server: &AuthorizationServer, token: &str) -> Result<Option<Found>, Fault> {
    match AccessToken::presented(token) {
        Some(opaque) => open(server, opaque.handle()).await,
        None => Ok(None),
    }
}

async fn open(server: &AuthorizationServer, handle: Handle<AccessToken>) -> Result<Option<Found>, Fault> {
    let read = server.store().access(handle).await?.and_then(|stored| stored.open(&handle));
    Ok(read.map(|read| Found { access: read.row, ended: read.ended, by: FoundBy::Handle(handle) }))
}
