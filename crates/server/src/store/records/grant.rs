//! Grants and remembered consent.

use std::{collections::BTreeSet, fmt};

use protocol::{Audience, ClientId, GrantId, Scopes, SessionId, Subject, Timestamp};
use serde_json::Value;

use super::details::{GrantDetails, TokenDetails};

/// The lasting record of an approval. Ending it ends every token that was issued from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its row id, and the private claim `gid` of JWT access tokens.
    pub id: GrantId,
    /// Who approved.
    pub subject: Subject,
    /// The client it was approved for.
    pub client: ClientId,
    /// The session it was approved in.
    pub session: Option<SessionId>,
    /// Whether it outlives the session (`offline_access`).
    pub offline: bool,
    /// What was approved.
    pub scopes: Scopes,
    /// The resources its tokens are for.
    pub audience: Vec<Audience>,
    /// Whether the client chose the audience with `resource` (RFC 8707).
    pub narrowed: bool,
    /// When the user signed in (`auth_time`).
    pub authenticated_at: Timestamp,
    /// How the user signed in (`amr`), space separated.
    pub amr: Box<str>,
    /// When it was approved.
    pub approved_at: Timestamp,
    /// When the last token issued from it will have ended: the absolute lifetime of its refresh tokens.
    pub expires_at: Timestamp,
    /// What else was approved. Boxed, since most grants have none.
    pub details: Option<Box<GrantDetails>>,
}

impl Grant {
    /// The authorization details that were approved (RFC 9396).
    pub fn authorization_details(&self) -> &[Value] {
        self.details.as_ref().map_or(&[], |details| &details.authorization_details)
    }

    /// What its access tokens hold beside scopes and audience.
    pub fn token_details(&self) -> Option<Box<TokenDetails>> {
        self.details.as_ref().and_then(|details| details.of_token().boxed())
    }
}

/// The consent of a subject to a client, as it was remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Who consented.
    pub subject: Subject,
    /// The client.
    pub client: ClientId,
    /// What was approved.
    pub approved: BTreeSet<ScopeAt>,
    /// When.
    pub given_at: Timestamp,
}

impl Consent {
    /// Whether all of this was approved. A scope that belongs to no resource any more is covered wherever it was approved.
    pub fn covers(&self, asked: &BTreeSet<ScopeAt>) -> bool {
        let has_scope = |asked: &ScopeAt| self.approved.iter().any(|known| known.scope == asked.scope);
        asked
            .iter()
            .all(|asked| self.approved.contains(asked) || asked.resource.is_none() && has_scope(asked))
    }
}

/// A scope at one of the resources that it belongs to. Agreeing to a scope at one resource is not agreeing to it at
/// another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScopeAt {
    /// The scope token.
    pub scope: Box<str>,
    /// The resource; `None` for a scope that belongs to none, such as those of OpenID Connect.
    pub resource: Option<Audience>,
}

impl ScopeAt {
    /// A scope that belongs to no resource.
    pub fn nowhere(scope: &str) -> Self {
        Self { scope: scope.into(), resource: None }
    }
}

/// `scope` or `scope resource`: neither contains a space.
impl fmt::Display for ScopeAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.resource {
            Some(resource) => write!(f, "{} {resource}", self.scope),
            None => f.write_str(&self.scope),
        }
    }
}

impl From<&str> for ScopeAt {
    fn from(text: &str) -> Self {
        match text.split_once(' ') {
            Some((scope, resource)) => Self { scope: scope.into(), resource: Some(Audience::new(resource)) },
            None => Self::nowhere(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(texts: &[&str]) -> BTreeSet<ScopeAt> {
        texts.iter().copied().map(ScopeAt::from).collect()
    }

    #[test]
    fn a_pair_is_read_as_it_was_written() {
        for text in ["openid", "notes.read https://notes.example", "x urn:notes:a"] {
            assert_eq!(ScopeAt::from(text).to_string(), text);
        }
    }

    #[test]
    fn consent_to_a_scope_at_one_resource_is_none_to_it_at_another() {
        let consent = Consent {
            subject: Subject::new("alice"),
            client: ClientId::new("shop"),
            approved: pairs(&["openid", "read https://notes.example"]),
            given_at: Timestamp(1),
        };
        for covered in [&[][..], &["openid"], &["read https://notes.example/", "openid"], &["read"]] {
            assert!(consent.covers(&pairs(covered)), "{covered:?}");
        }
        for other in [&["email"][..], &["read https://music.example"], &["openid https://notes.example"]] {
            assert!(!consent.covers(&pairs(other)), "{other:?}");
        }
    }
}
