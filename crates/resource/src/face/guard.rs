//! The guard of one API: from a request to an accepted token, or to a refusal.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use jose::DecryptionKey;
use protocol::{Audience, Issuer, Scopes};

use crate::answer::challenge::Denied;
use crate::answer::refuser::Refuser;
use crate::face::error::GuardError;
use crate::face::metadata::MetadataService;
use crate::face::token::Token;
use crate::judging::audience;
use crate::judging::issuers::{Issuers, Trusted};
use crate::judging::policy::{Needs, TokenRefusal};
use crate::judging::refused::Refused;
use crate::judging::remote::Remote;
use crate::proof::bearer::{self, Places, PresentedToken};
use crate::proof::confirmation;
use crate::reason::Reason;
use crate::trust::own_keys::OwnKeys;

/// Protects an API: accepts access tokens of trusted issuers, for its audience. Cheap to clone; clones share keys and
/// cache.
#[derive(Clone)]
pub struct Guard(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) issuers: Issuers,
    pub(super) places: Places,
    pub(super) refuser: Arc<Refuser>,
    pub(super) metadata: MetadataService,
    pub(super) own_keys: OwnKeys,
}

impl Guard {
    /// Checks a request by its head, without any framework: token, issuer, audience, times, the key that the sender
    /// must hold, and the requirements of every request.
    ///
    /// A DPoP proof can be checked once: a request that is checked twice is a replay. The response to an accepted
    /// request should carry [`Token::dpop_nonce`]; the layers add it.
    ///
    /// # Errors
    ///
    /// [`Denied`], which converts to a response. Never a panic, and never 500.
    pub async fn check(&self, head: &Parts) -> Result<Token, Denied> {
        self.check_asking(head, None).await
    }

    /// As [`Guard::check`], but a refusal for want of a token names these scopes and those that every request needs.
    pub(crate) async fn check_asking(&self, head: &Parts, asked: Option<&Scopes>) -> Result<Token, Denied> {
        let refuse = |refused: Refused, issuer| {
            let required = asked.map(|_| self.0.issuers.first().required.needs(&head.method).scopes);
            let asked = required.iter().chain(asked).flat_map(Scopes::iter).collect();
            let needs = Needs { asked, ..Needs::default() };
            let Refused { reason, difference } = refused;
            let refusal = TokenRefusal { reason, needs, difference };
            self.0.refuser.refuse(refusal, issuer, bearer::scheme(head))
        };
        let presented = bearer::token(head, self.0.places);
        let presented = presented.map_err(|reason| refuse(reason.into(), self.issuer()))?;
        let trusted = self.0.issuers.whose(&presented.token);
        let trusted = trusted.map_err(|refused| refuse(refused, self.issuer()))?;
        let token = self.judge(&presented, trusted, head).await;
        let token = token.map_err(|refused| refuse(refused, &trusted.expected.issuer))?;
        token.demand(&trusted.required)?;
        Ok(token)
    }

    /// The resource's own documents as a `tower` service: its metadata (RFC 9728), at the root and with the path of
    /// the audience, and `/jwks` if it has decryption keys. From now on challenges name the metadata.
    pub fn metadata_service(&self) -> MetadataService {
        self.0.refuser.challenger.announce();
        self.0.metadata.clone()
    }

    /// Replaces the decryption keys at run time: those in `published` are served at `/jwks`, in this order; those in
    /// `kept` only decrypt. Keep an old key until no cached copy of the document is in use
    /// ([`crate::limits::DOCUMENT_FRESH_SECONDS`], and however long the server caches it).
    ///
    /// # Errors
    ///
    /// [`GuardError::DecryptionKeys`] if none of them can be published, if the guard was built without any, or beyond
    /// [`crate::limits::OWN_KEYS_MAX`]. The keys then stay unchanged.
    pub fn replace_decryption_keys(
        &self,
        published: &[DecryptionKey],
        kept: &[DecryptionKey],
    ) -> Result<(), GuardError> {
        Ok(self.0.own_keys.replace(published, kept)?)
    }

    /// The issuer of the first builder.
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuers.first().expected.issuer
    }

    /// All issuers whose tokens are accepted.
    pub fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.0.issuers.iter().map(|trusted| &trusted.expected.issuer)
    }

    /// The audience of tokens: the identifier of this API.
    pub fn audience(&self) -> &Audience {
        &self.0.issuers.first().expected.audience.name
    }

    /// Judges the token, and whether this sender may use it for this request.
    async fn judge(
        &self,
        presented: &PresentedToken<'_>,
        trusted: &Arc<Trusted>,
        head: &Parts,
    ) -> Result<Token, Refused> {
        let authorization = trusted.verifier.verify(&presented.token).await?;
        audience::covers(&authorization.claims, &trusted.expected.audience, head)?;
        let expected = authorization.confirmation.as_ref();
        let confirmed =
            confirmation::confirm(head, presented, expected, self.0.refuser.proofs.as_ref()).await?;
        let (trusted, refuser) = (Arc::clone(trusted), Arc::clone(&self.0.refuser));
        Ok(Token::new(authorization, confirmed, trusted, head.method.clone(), refuser))
    }

    /// Refuses a request without a token, or for missing scopes.
    pub(crate) fn deny(&self, reason: Reason, needed: &Scopes) -> Denied {
        self.0.refuser.deny(reason, needed)
    }

    /// The authorization server of the first builder, for requests other than introspection.
    pub(crate) fn remote(&self) -> &Arc<Remote> {
        &self.0.issuers.first().verifier.jwt.0
    }

    /// Whether this guard, or a clone of it, accepted the token.
    pub(crate) fn accepted(&self, token: &Token) -> bool {
        token.is_of(&self.0.refuser)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Guard");
        shown.field("issuers", &self.issuers().map(Issuer::as_str).collect::<Vec<_>>());
        shown.field("audience", self.audience()).finish_non_exhaustive()
    }
}
