//! The guard of one API: which issuers and audience it trusts, and the way from a request to a token.

use std::fmt;
use std::sync::Arc;

use fetching::Clock;
use http::request::Parts;
use jose::DecryptionKey;
use protocol::{Audience, Issuer, Scopes, Timestamp};

use crate::answer::challenge::{Challenger, Denied};
use crate::face::builder::{GuardBuilder, GuardError};
use crate::face::health::{Health, HealthService};
use crate::face::layer::Require;
use crate::face::metadata::MetadataService;
use crate::face::token::Token;
use crate::judging::audience;
use crate::judging::issuers::{Issuers, Trusted};
use crate::judging::policy::{Needs, Policy, Refusal};
use crate::judging::remote::Remote;
use crate::proof::bearer::{self, Places, Presented, Scheme};
use crate::proof::confirmation;
use crate::proof::dpop::Proofs;
use crate::reason::Reason;
use crate::trust::own_keys::OwnKeys;

/// Protects an API: accepts the access tokens of the issuers it trusts, for its audience. Cheap to clone, clones share
/// keys and cache.
#[derive(Clone)]
pub struct Guard(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) issuers: Issuers,
    pub(super) places: Places,
    pub(super) proofs: Option<Proofs>,
    pub(super) challenger: Challenger,
    pub(super) metadata: MetadataService,
    pub(super) own_keys: OwnKeys,
    pub(super) clock: Arc<dyn Clock>,
}

impl Guard {
    /// A guard that verifies JWT access tokens, with the ready HTTP client of the feature `client`. Nothing is fetched
    /// before a token comes.
    ///
    /// # Errors
    ///
    /// [`GuardError`] if the issuer is no `https` URL (or `http` to loopback) or the audience is empty.
    #[cfg(feature = "client")]
    pub fn new(issuer: &str, audience: &str) -> Result<Self, GuardError> {
        Self::builder(issuer, audience).build()
    }

    /// A guard to be set up further: introspection, more issuers, another HTTP client, what every request needs.
    pub fn builder(issuer: &str, audience: &str) -> GuardBuilder {
        GuardBuilder::new(issuer, audience)
    }

    /// Checks the request of which this is the head, with no framework: token, issuer, audience, times, the key that
    /// its sender must hold, and what the guard demands of every request.
    ///
    /// A DPoP proof is good for one check: checked twice, a request is a replay. An accepted answer should bring
    /// [`Token::dpop_nonce`]; the layers see to that.
    ///
    /// # Errors
    ///
    /// [`Denied`], which is a ready answer. Never a panic, and never 500.
    pub async fn check(&self, head: &Parts) -> Result<Token, Denied> {
        self.check_asking(head, None).await
    }

    /// [`Guard::check`]; who has no token that is accepted is told the scopes that every request needs and these.
    pub(crate) async fn check_asking(&self, head: &Parts, asked: Option<&Scopes>) -> Result<Token, Denied> {
        let refuse = |reason: Reason, issuer| {
            let required = asked.map(|_| self.0.issuers.first().required.needs(&head.method).scopes);
            let asked = required.iter().chain(asked).flat_map(Scopes::iter).collect();
            let needs = Needs { asked, ..Needs::default() };
            self.refuse(Refusal { reason, needs }, issuer, bearer::scheme(head))
        };
        let presented = bearer::token(head, self.0.places);
        let presented = presented.map_err(|reason| refuse(reason, self.issuer()))?;
        let trusted = self.0.issuers.whose(&presented.token);
        let trusted = trusted.map_err(|reason| refuse(reason, self.issuer()))?;
        let token = self.judge(&presented, trusted, head).await;
        let token = token.map_err(|reason| refuse(reason, &trusted.expected.issuer))?;
        token.demand(&trusted.required)?;
        Ok(token)
    }

    /// A layer that lets only accepted tokens through.
    pub fn layer(&self) -> Require {
        self.require("")
    }

    /// A layer that lets only tokens through that are enough for this policy; a text is scopes, separated by spaces,
    /// all of them.
    pub fn require(&self, policy: impl Into<Policy>) -> Require {
        Require::new(self.clone(), policy.into())
    }

    /// The resource's own documents as a `tower` service: its metadata (RFC 9728), at the root and with the path of
    /// the audience, and `/jwks` where it has decryption keys. From now on challenges name the metadata.
    pub fn metadata_service(&self) -> MetadataService {
        self.0.challenger.announce();
        self.0.metadata.clone()
    }

    /// Replaces the decryption keys while the guard works: these are shown at `/jwks`, in this order, and those that
    /// are kept only decrypt. What others fetched a moment ago stays right if the old key is kept until the document
    /// is no longer fresh anywhere ([`crate::limits::DOCUMENT_FRESH_SECONDS`], and what the server adds to it).
    ///
    /// # Errors
    ///
    /// [`GuardError::DecryptionKeys`] if none of them can be shown, if the guard was built without any, or beyond
    /// [`crate::limits::OWN_KEYS_MAX`]. Then the keys stay as they were.
    pub fn replace_decryption_keys(
        &self,
        published: &[DecryptionKey],
        kept: &[DecryptionKey],
    ) -> Result<(), GuardError> {
        self.0.own_keys.replace(published, kept)
    }

    /// How the guard gets on with the authorization servers. Asks nobody.
    pub fn health(&self) -> Health {
        Health::of(self.0.issuers.iter().map(|trusted| &**trusted), self.now())
    }

    /// [`Guard::health`] as a `tower` service that answers `GET` and `HEAD` with JSON, on whatever path it is put.
    pub fn health_service(&self) -> HealthService {
        HealthService::new(self.clone())
    }

    /// The issuer that the guard was made for, of several the first.
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuers.first().expected.issuer
    }

    /// All issuers whose tokens are accepted.
    pub fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.0.issuers.iter().map(|trusted| &trusted.expected.issuer)
    }

    /// Whom tokens must be for: the identifier of this API.
    pub fn audience(&self) -> &Audience {
        &self.0.issuers.first().expected.audience
    }

    /// What the token of this request allows, by its own issuer's word, in the hands of its sender.
    async fn judge(
        &self,
        presented: &Presented<'_>,
        trusted: &Arc<Trusted>,
        head: &Parts,
    ) -> Result<Token, Reason> {
        let authorization = trusted.verifier.verify(&presented.token).await?;
        audience::covers(&authorization.claims, &trusted.expected, head)?;
        let expected = authorization.confirmation.as_ref();
        let confirmed = confirmation::confirm(head, presented, expected, self.0.proofs.as_ref()).await?;
        Ok(Token::new(authorization, confirmed, Arc::clone(trusted), head.method.clone(), self.clone()))
    }

    /// Refuses a request of which nothing is known, for want of a token or of scopes.
    pub(crate) fn deny(&self, reason: Reason, needed: &Scopes) -> Denied {
        let needs = Needs { scopes: needed.clone(), ..Needs::default() };
        self.refuse(Refusal { reason, needs }, self.issuer(), None)
    }

    /// Refuses, and logs why: what is the caller's fault quietly, what is the server's or ours aloud.
    pub(crate) fn refuse(&self, refusal: Refusal, issuer: &Issuer, tried: Option<Scheme>) -> Denied {
        let slug = refusal.reason.slug();
        if refusal.reason.status() >= 500 {
            tracing::warn!(reason = slug, %issuer, "a token could not be checked");
        } else {
            tracing::debug!(reason = slug, needed = refusal.needs.scopes.as_str(), "refused");
        }
        let proofs = self.0.proofs.as_ref().filter(|_| refusal.reason.wants_nonce());
        let nonce = proofs.and_then(Proofs::fresh_nonce);
        self.0.challenger.deny(refusal, tried).with_nonce(nonce.as_deref())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The authorization server that the guard was made for, for what asks it beside judging tokens.
    pub(crate) fn remote(&self) -> &Arc<Remote> {
        &self.0.issuers.first().verifier.jwt.0
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Guard");
        shown.field("issuers", &self.issuers().map(Issuer::as_str).collect::<Vec<_>>());
        shown.field("audience", self.audience()).finish_non_exhaustive()
    }
}
