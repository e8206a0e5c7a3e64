//! The guard of one API: which issuer and audience it trusts, and the way from a request to a token.

mod builder;

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use protocol::{Audience, Issuer, Scopes};

use crate::bearer;
use crate::challenge::{Challenger, Denied};
use crate::layer::Require;
use crate::metadata::MetadataService;
use crate::reason::Reason;
use crate::remote::Remote;
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

    /// Checks the request of which this is the head, with no framework: token, issuer, audience, times, and the
    /// scopes that the guard demands of every request.
    ///
    /// # Errors
    ///
    /// [`Denied`], which is a ready answer. Never a panic, and never 500.
    pub async fn check(&self, head: &Parts) -> Result<Token, Denied> {
        let judged = match bearer::token(head) {
            Ok(text) => self.0.verifier.verify(text).await,
            Err(reason) => Err(reason),
        };
        let token = match judged {
            Ok(authorization) => Token::new(authorization, self.clone()),
            Err(reason) => return Err(self.deny(reason, &self.0.required)),
        };
        token.demand(&self.0.required)?;
        Ok(token)
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
    pub(crate) fn deny(&self, reason: Reason, needed: &Scopes) -> Denied {
        let slug = reason.slug();
        if reason.status() >= 500 {
            tracing::warn!(reason = slug, issuer = %self.0.issuer, "a token could not be checked");
        } else {
            tracing::debug!(reason = slug, needed = needed.as_str(), "refused");
        }
        self.0.challenger.deny(reason, needed)
    }

    /// The authorization server, for what asks it beside judging tokens.
    pub(crate) fn remote(&self) -> &Arc<Remote> {
        &self.0.verifier.jwt.0
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
