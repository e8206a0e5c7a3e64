//! Access tokens as credentials: found by their handle or verified by their signature, for this server's endpoints and
//! for the host's own routes.

use http::{HeaderValue, request::Parts};
use protocol::{AccessToken, Handle, JwtId, Timestamp, TokenType, limits};

use crate::{
    AuthorizationServer,
    answer::{self, Answer},
    error::{Error, Fault},
    incoming::{PresentedToken, RequestHead as _},
    ports::Standing,
    reason::Reason,
    refusal::{Difference, parameters::list},
    sender,
    store::{Access, Ended},
    tokens,
};

impl AuthorizationServer {
    /// The access token of a request to one of the host's own routes, opaque or JWT, only from the `Authorization`
    /// header (RFC 6750 §2.1). The audience must be one of the token's, compared as [`Audience`](protocol::Audience)
    /// compares, and the token must have every scope.
    ///
    /// A token that is bound to a key is accepted with the scheme `DPoP` and a proof for this URL: the path of the request
    /// below the issuer, or at its origin (RFC 9449 §7.1).
    ///
    /// The store is asked each time, so that a revoked token, an ended grant, a disabled client and a disabled account
    /// are noticed at once.
    ///
    /// # Errors
    /// [`Denied`], whose answer carries the challenge of RFC 6750 §3.
    pub async fn access(&self, head: &Parts, audience: &str, scopes: &[&str]) -> Result<Access, Denied> {
        let denied = |error: Error| Denied {
            tried: head.tried_scheme(),
            nonce: sender::nonce(self, &error),
            error,
            scopes: scopes.join(" "),
        };
        self.weigh(head, audience, scopes).await.map_err(denied)
    }

    async fn weigh(&self, head: &Parts, audience: &str, scopes: &[&str]) -> Result<Access, Error> {
        let presented = head.access_token()?.ok_or(Reason::TokenMissing)?;
        let access = live(self, head, find(self, presented.token).await?, &presented).await?;
        if access.only_introspects() || !access.audience.iter().any(|own| own.is(audience)) {
            let named = list(&access.audience);
            let wrong = || Some(Difference::new("aud", named, audience));
            return Err(head.differs(Reason::TokenInactive, wrong).into());
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
            let lacking = || Some(Difference::new("scope", &access.scopes, scopes.join(" ")));
            Err(head.differs(Reason::ScopeInsufficient, lacking).into())
        }
    }
}

/// Why a request to one of the host's own routes is refused, and the scopes that the route requires.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Denied {
    error: Error,
    scopes: String,
    /// The scheme that the challenge names first.
    tried: TokenType,
    /// The nonce that the next proof needs (RFC 9449 §9).
    nonce: Option<HeaderValue>,
}

impl Denied {
    /// A refusal by a rule of the host, on a route that requires these scopes.
    pub fn new(reason: Reason, scopes: &[&str]) -> Self {
        Self { error: reason.into(), scopes: scopes.join(" "), tried: TokenType::Bearer, nonce: None }
    }

    /// Notes what differs, for the log of the host.
    #[must_use]
    pub fn noting(self, head: &Parts, difference: Difference) -> Self {
        let Self { error, .. } = self;
        Self { error: head.explain(error, |_| Some(difference)), ..self }
    }

    /// The reason; `None` if the server itself failed.
    pub fn reason(&self) -> Option<Reason> {
        match self.error {
            Error::Refused(reason) => Some(reason),
            Error::Failed(_) => None,
        }
    }

    /// The answer: the status, the challenge (with the scopes if the token lacks one), and the code as JSON (RFC 6750
    /// §3.1).
    pub fn answer(&self) -> Answer {
        let mut answer = answer::token_error(&self.error, &self.scopes, self.tried);
        if let Some(nonce) = &self.nonce {
            answer.headers_mut().insert(sender::NONCE, nonce.clone());
        }
        answer
    }
}

impl From<Fault> for Denied {
    fn from(fault: Fault) -> Self {
        Self { error: fault.into(), scopes: String::new(), tried: TokenType::Bearer, nonce: None }
    }
}

/// An access token of this server, and what ended it before it expired.
pub(crate) struct Found {
    pub(crate) access: Access,
    pub(crate) ended: Option<Ended>,
    pub(crate) by: FoundBy,
}

/// An access token as it is stored, or as it would be.
pub(crate) enum FoundBy {
    /// Its row.
    Handle(Handle<AccessToken>),
    /// The `jti` of a JWT, which is not stored.
    Jti(JwtId),
}

impl Found {
    /// Its contents, or why it can't be used: it has ended, or it expired.
    fn live(self, now: Timestamp) -> Result<Access, &'static str> {
        match self.ended {
            Some(Ended::Client) => Err("a token of a client that was disabled, deleted or created again"),
            Some(Ended::Grant) => Err("a token of a grant that has ended"),
            Some(Ended::Token) => Err("a revoked token"),
            None if self.access.expires_at <= now => Err("an expired token"),
            None => Ok(self.access),
        }
    }
}

/// The access token of this request, unless it has ended or expired, or is bound to a key that the sender does not show
/// (RFC 9449 §7, RFC 8705 §3). Its client and its user are noted.
pub(crate) async fn live(
    server: &AuthorizationServer,
    head: &Parts,
    found: Option<Found>,
    presented: &PresentedToken<'_>,
) -> Result<Access, Error> {
    if let Some(Found { access, .. }) = &found {
        head.note_client(&access.client);
        access.subject.iter().for_each(|subject| head.note_subject(subject));
    }
    let unknown = "no access token of this server, or one that was deleted";
    let live = found.ok_or(unknown).and_then(|found| found.live(server.now()));
    let access = live.map_err(|sent| {
        let inactive = || Some(Difference::new("access token", sent, "an active one"));
        head.differs(Reason::TokenInactive, inactive)
    })?;
    sender::confirm(server, head, presented, &access).await?;
    Ok(access)
}

/// Finds an access token, opaque or JWT. `None`: it is not one of this server, or no longer stored.
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
    if !server.is_drawn(handle.id) {
        return Ok(None);
    }
    let read = server.store().access(handle).await?.and_then(|stored| stored.open(&handle));
    Ok(read.map(|read| Found { access: read.row, ended: read.ended, by: FoundBy::Handle(handle) }))
}
