//! A token that was accepted: what a handler asks who and what is allowed.

use std::fmt;
use std::sync::Arc;

use jose::Claims;
use protocol::{Scopes, Timestamp};

use crate::challenge::Denied;
use crate::claims::Authorization;
use crate::guard::Guard;
use crate::reason::Reason;

/// An accepted access token; the same whether it was verified here or introspected. Cheap to clone.
#[derive(Clone)]
pub struct Token {
    authorization: Arc<Authorization>,
    guard: Guard,
}

impl Token {
    pub(crate) fn new(authorization: Arc<Authorization>, guard: Guard) -> Self {
        Self { authorization, guard }
    }

    /// The user, `sub`. A machine's token names its client here, or nobody: then this is empty.
    ///
    /// Some servers put no `sub` in introspection answers: tell their users apart by [`Token::username`].
    pub fn subject(&self) -> &str {
        self.text("sub").unwrap_or_default()
    }

    /// The client that the token was issued to, `client_id`.
    pub fn client(&self) -> Option<&str> {
        self.text("client_id")
    }

    /// The user's name for people, `username` (RFC 7662 §2.2). Only an introspected token has one.
    pub fn username(&self) -> Option<&str> {
        self.text("username")
    }

    /// What the token allows.
    pub fn scopes(&self) -> &Scopes {
        &self.authorization.scopes
    }

    /// When the token ends, where the server says so.
    pub fn expires(&self) -> Option<Timestamp> {
        self.authorization.expires
    }

    /// Everything that is said of the token: the claims of the JWT, or the members of the introspection answer.
    pub fn claims(&self) -> &Claims {
        &self.authorization.claims
    }

    /// Demands scopes, separated by spaces, all of them, beside those that the route demands.
    ///
    /// # Errors
    ///
    /// [`Reason::ScopeInsufficient`], ready to be answered with 403 and its challenge (RFC 6750 §3.1).
    pub fn require(&self, scopes: &str) -> Result<(), Denied> {
        let needed = Scopes::parse(scopes).unwrap_or_else(|_| Scopes::stored(scopes));
        self.demand(&needed)
    }

    pub(crate) fn demand(&self, needed: &Scopes) -> Result<(), Denied> {
        if needed.is_subset(&self.authorization.scopes) {
            return Ok(());
        }
        Err(self.guard.deny(Reason::ScopeInsufficient, needed))
    }

    /// The guard that accepted the token.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Whether this guard, or a clone of it, accepted the token.
    pub(crate) fn is_of(&self, guard: &Guard) -> bool {
        self.guard.is_same(guard)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.authorization.claims.string(name).ok().flatten()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Token");
        shown.field("subject", &self.subject()).field("client", &self.client());
        shown.field("scopes", self.scopes()).finish_non_exhaustive()
    }
}
