//! The guard of one API: which issuers and audience it trusts, and the way from a request to a token.

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
use crate::judging::policy::{Needs, Refusal};
use crate::judging::remote::Remote;
use crate::proof::bearer::{self, Places, Presented};
use crate::proof::confirmation;
use crate::reason::Reason;
use crate::trust::own_keys::OwnKeys;

/// Protects an API: accepts the access tokens of the issuers it trusts, for its audience. Cheap to clone, clones share
/// keys and cache.
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
            self.0.refuser.refuse(Refusal { reason, needs }, issuer, bearer::scheme(head))
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

    /// The resource's own documents as a `tower` service: its metadata (RFC 9728), at the root and with the path of
    /// the audience, and `/jwks` where it has decryption keys. From now on challenges name the metadata.
    pub fn metadata_service(&self) -> MetadataService {
        self.0.refuser.challenger.announce();
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
        Ok(self.0.own_keys.replace(published, kept)?)
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
        &self.0.issuers.first().expected.audience.name
    }

    /// What the token of this request allows, by its own issuer's word, in the hands of its sender.
    async fn judge(
        &self,
        presented: &Presented<'_>,
        trusted: &Arc<Trusted>,
        head: &Parts,
    ) -> Result<Token, Reason> {
        let authorization = trusted.verifier.verify(&presented.token).await?;
        audience::covers(&authorization.claims, &trusted.expected.audience, head)?;
        let expected = authorization.confirmation.as_ref();
        let confirmed =
            confirmation::confirm(head, presented, expected, self.0.refuser.proofs.as_ref()).await?;
        let (trusted, refuser) = (Arc::clone(trusted), Arc::clone(&self.0.refuser));
        Ok(Token::new(authorization, confirmed, trusted, head.method.clone(), refuser))
    }

    /// Refuses a request of which nothing is known, for want of a token or of scopes.
    pub(crate) fn deny(&self, reason: Reason, needed: &Scopes) -> Denied {
        self.0.refuser.deny(reason, needed)
    }

    /// The authorization server that the guard was made for, for what asks it beside judging tokens.
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
