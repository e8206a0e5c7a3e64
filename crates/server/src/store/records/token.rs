//! Access and refresh tokens.

use protocol::{
    Audience, ClientId, Confirmation, FamilyId, GrantId, Scopes, Subject, Timestamp, TokenType, scope,
};

use super::details::TokenDetails;

/// An opaque access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The grant it was issued from, or whose token it was exchanged for; `None` for `client_credentials`, which no user approves.
    pub grant: Option<GrantId>,
    /// Who it was issued to.
    pub client: ClientId,
    /// The [`Caller::epoch`](crate::store::Caller::epoch) at issuance.
    pub epoch: i64,
    /// The user it was issued for, if any.
    pub subject: Option<Subject>,
    /// What it allows.
    pub scopes: Scopes,
    /// The resources it is for; if empty, only the issuer.
    pub audience: Vec<Audience>,
    /// Whether the client chose the audience with `resource` (RFC 8707).
    pub narrowed: bool,
    /// `iat`
    pub issued_at: Timestamp,
    /// `exp`
    pub expires_at: Timestamp,
    /// `cnf`: the keys that its sender must hold. Boxed, since most tokens are for whoever bears them.
    pub confirmation: Option<Box<Confirmation>>,
    /// What it holds beside scopes and audience. Boxed, since most tokens have none.
    pub details: Option<Box<TokenDetails>>,
    /// `act`: who acts for the subject, as JSON (RFC 8693 §4.1).
    pub act: Option<Box<str>>,
}

impl Access {
    /// Whether it is a resource's token for the introspection endpoint. It opens nothing else, although its audience is
    /// that resource.
    pub fn only_introspects(&self) -> bool {
        self.grant.is_none() && self.scopes.contains(scope::INTROSPECTION)
    }

    /// How it is presented to an API: one that is bound to a DPoP key with a proof (RFC 9449 §6.2).
    pub fn token_type(&self) -> TokenType {
        match self.confirmation.as_deref() {
            Some(Confirmation { jkt: Some(_), .. }) => TokenType::Dpop,
            Some(_) | None => TokenType::Bearer,
        }
    }
}

/// A family of refresh tokens: one row, however often it is rotated. What was approved is in its grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Its row id.
    pub family: FamilyId,
    /// The grant that it renews.
    pub grant: GrantId,
    /// The number of rotations before the live token.
    pub generation: u32,
    /// When the live token was issued.
    pub rotated_at: Timestamp,
    /// When it expires if it is not used.
    pub expires_at: Timestamp,
    /// The name of the derived key that computes successors.
    pub key: u32,
    /// The keys that must redeem it, where its client is public (RFC 9449 §5, RFC 8705 §4).
    pub confirmation: Option<Box<Confirmation>>,
}
