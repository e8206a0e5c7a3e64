//! An accepted token: who the user is, and what is allowed.

use std::fmt;
use std::sync::Arc;

use http::Method;
use jose::Claims;
use protocol::{Issuer, Scopes, Timestamp};

use crate::answer::challenge::Denied;
use crate::answer::refuser::Refuser;
use crate::judging::authorization::Authorization;
use crate::judging::issuers::{SubjectClaim, Trusted};
use crate::judging::policy::Policy;
use crate::proof::confirmation::Confirmed;

/// An accepted access token, whether it was verified locally or introspected. Cheap to clone.
#[derive(Clone)]
pub struct Token {
    authorization: Arc<Authorization>,
    confirmed: Arc<Confirmed>,
    trusted: Arc<Trusted>,
    method: Method,
    refuser: Arc<Refuser>,
}

impl Token {
    pub(crate) fn new(
        authorization: Arc<Authorization>,
        confirmed: Confirmed,
        trusted: Arc<Trusted>,
        method: Method,
        refuser: Arc<Refuser>,
    ) -> Self {
        Self { authorization, confirmed: Arc::new(confirmed), trusted, method, refuser }
    }

    /// Who the user is: `sub`, or `username` if the guard is configured so ([`SubjectClaim`]). For a machine's token
    /// it is its client, or empty. If a guard trusts several issuers, two users are the same only if [`Token::issuer`]
    /// is the same too.
    pub fn subject(&self) -> &str {
        let claim = match self.trusted.subject {
            SubjectClaim::Sub => "sub",
            SubjectClaim::Username => "username",
        };
        self.text(claim).unwrap_or_default()
    }

    /// The issuer of the token.
    pub fn issuer(&self) -> &Issuer {
        &self.trusted.expected.issuer
    }

    /// The client that the token was issued to: `client_id`, or as [`GuardBuilder::client_from`](crate::GuardBuilder::client_from)
    /// says.
    pub fn client(&self) -> Option<&str> {
        self.trusted.expected.shape.client.iter().find_map(|name| self.text(name))
    }

    /// The roles of the user, from the claims of [`GuardBuilder::roles_from`](crate::GuardBuilder::roles_from); none by default.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.authorization.roles.iter().map(String::as_str)
    }

    /// The human-readable name of the user, `username` (RFC 7662 §2.2). Only an introspected token has one.
    pub fn username(&self) -> Option<&str> {
        self.text("username")
    }

    /// Whether the token was issued for a user, and not to a machine that acts on its own behalf: the `sub` of such a
    /// token is its client (RFC 9068 §2.2), or its [`Provider`](crate::Provider) marks it. Do not tell them apart by the subject alone, since some servers let a client
    /// choose an id that looks like a user's (RFC 9700 §4.15).
    pub fn is_user(&self) -> bool {
        let client = self.client().unwrap_or_default();
        if (self.trusted.expected.shape.machine)(&self.authorization.claims, client) {
            return false;
        }
        match self.text("sub").filter(|subject| !subject.is_empty()) {
            Some(subject) => self.client() != Some(subject),
            None => self.username().is_some_and(|username| !username.is_empty()),
        }
    }

    /// The scopes of the token.
    pub fn scopes(&self) -> &Scopes {
        &self.authorization.scopes
    }

    /// When the token expires, if the server says so.
    pub fn expires(&self) -> Option<Timestamp> {
        self.authorization.expires
    }

    /// All claims of the JWT, or all members of the introspection answer.
    pub fn claims(&self) -> &Claims {
        &self.authorization.claims
    }

    /// The value of `DPoP-Nonce` for the response, if the nonce of this request expires soon (RFC 9449 §8.2). Such a
    /// response must not be cached. The layers add it automatically.
    pub fn dpop_nonce(&self) -> Option<&str> {
        self.confirmed.next_nonce.as_deref()
    }

    /// Requires more than the route does: scopes, separated by spaces, all of which are needed, or a whole [`Policy`],
    /// for the method of the current request.
    ///
    /// # Errors
    ///
    /// [`Denied`], which converts to a response: 403 for missing scopes (RFC 6750 §3.1), 401 for a sign-in that is too
    /// weak or too old (RFC 9470 §3).
    pub fn require(&self, policy: impl Into<Policy>) -> Result<(), Denied> {
        self.demand(&policy.into())
    }

    pub(crate) fn demand(&self, policy: &Policy) -> Result<(), Denied> {
        let judged = policy.judge(&self.authorization, &self.method, self.refuser.now());
        judged.map_err(|refusal| self.refuser.refuse(refusal, self.issuer(), Some(self.confirmed.scheme)))
    }

    /// The scopes that every request of this method needs.
    pub(crate) fn required(&self) -> Scopes {
        self.trusted.required.needs(&self.method).scopes
    }

    /// The same token, for a request of this method.
    pub(crate) fn with(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Whether the guard with this refuser, or a clone of it, accepted the token.
    pub(crate) fn is_of(&self, refuser: &Arc<Refuser>) -> bool {
        Arc::ptr_eq(&self.refuser, refuser)
    }

    /// Refuses requests as the guard does that accepted the token.
    pub(crate) fn refuser(&self) -> &Refuser {
        &self.refuser
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
