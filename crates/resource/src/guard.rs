//! The guard of one API: which issuer and audience it trusts, and the way from a request to a token.

mod builder;

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use protocol::{Audience, Issuer, Scopes};

use crate::bearer::{self, Scheme};
use crate::challenge::{Challenger, Denied};
use crate::confirmation;
use crate::dpop::{Dpop, Proofs};
use crate::layer::Require;
use crate::metadata::MetadataService;
use crate::reason::Reason;
use crate::token::Token;
use crate::verifier::Verifier;

pub use builder::{GuardBuilder, GuardError};

/// Protects an API: accepts the access tokens of one issuer for one audience. Cheap to clone, clones share keys and
/// cache.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    issuer: Issuer,
    audience: Audience,
    required: Scopes,
    verifier: Verifier,
    dpop: Dpop,
    proofs: Option<Proofs>,
    challenger: Challenger,
    metadata: MetadataService,
}

impl Guard {
    /// A guard that verifies JWT access tokens, with the ready HTTP client. Nothing is fetched before a token comes.
    ///
    /// # Errors
    ///
    /// [`GuardError`] if the issuer is no `https` URL (or `http` to loopback) or the audience is empty.
    #[cfg(feature = "client")]
    pub fn new(issuer: &str, audience: &str) -> Result<Self, GuardError> {
        Self::builder(issuer, audience).build()
    }

    /// A guard to be set up further: introspection, another HTTP client, scopes.
    pub fn builder(issuer: &str, audience: &str) -> GuardBuilder {
        GuardBuilder::new(issuer, audience)
    }

    /// Checks the request of which this is the head, with no framework: token, issuer, audience, times, the key that
    /// its sender must hold, and the scopes that the guard demands of every request.
    ///
    /// A DPoP proof is good for one check: checked twice, a request is a replay. An accepted answer should bring
    /// [`Token::dpop_nonce`]; the layers see to that.
    ///
    /// # Errors
    ///
    /// [`Denied`], which is a ready answer. Never a panic, and never 500.
    pub async fn check(&self, head: &Parts) -> Result<Token, Denied> {
        let token = match self.judge(head).await {
            Ok(token) => token,
            Err(reason) => return Err(self.deny(reason, &self.0.required, bearer::scheme(head))),
        };
        token.demand(&self.0.required)?;
        Ok(token)
    }

    async fn judge(&self, head: &Parts) -> Result<Token, Reason> {
        let presented = bearer::token(head, self.0.dpop)?;
        let authorization = self.0.verifier.verify(presented.token).await?;
        let expected = authorization.confirmation.as_ref();
        let confirmed = confirmation::confirm(head, &presented, expected, self.0.proofs.as_ref()).await?;
        Ok(Token::new(authorization, confirmed, self.clone()))
    }

    /// A layer that lets only accepted tokens through.
    pub fn layer(&self) -> Require {
        self.require("")
    }

    /// A layer that lets only tokens with these scopes through, separated by spaces, all of them.
    pub fn require(&self, scopes: &str) -> Require {
        Require::new(self.clone(), scopes)
    }

    /// The resource's own documents as a `tower` service: its metadata (RFC 9728), at the root and with the path of
    /// the audience, and `/jwks` where it has decryption keys. From now on challenges name the metadata.
    pub fn metadata_service(&self) -> MetadataService {
        self.0.challenger.announce();
        self.0.metadata.clone()
    }

    /// The issuer whose tokens are accepted.
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// Whom tokens must be for.
    pub fn audience(&self) -> &Audience {
        &self.0.audience
    }

    /// Refuses, and logs why: what is the caller's fault quietly, what is the server's or ours aloud.
    pub(crate) fn deny(&self, reason: Reason, needed: &Scopes, tried: Option<Scheme>) -> Denied {
        let slug = reason.slug();
        if reason.status() >= 500 {
            tracing::warn!(reason = slug, issuer = %self.0.issuer, "a token could not be checked");
        } else {
            tracing::debug!(reason = slug, needed = needed.as_str(), "refused");
        }
        let proofs = self.0.proofs.as_ref().filter(|_| reason.wants_nonce());
        let nonce = proofs.and_then(Proofs::fresh_nonce);
        self.0.challenger.deny(reason, needed, tried).with_nonce(nonce.as_deref())
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Guard");
        shown.field("issuer", &self.0.issuer).field("audience", &self.0.audience).finish_non_exhaustive()
    }
}
