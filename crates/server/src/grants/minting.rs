//! Issues tokens for an extension grant of the host.

use protocol::{GrantId, Scopes, Subject, Timestamp, scope};

use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources, TokenAudience},
    context::TokenRequest,
    error::Error,
    ports::Standing,
    reason::Reason,
    settle::Decision,
    store::{Basis, Commit, Grant, GrantChange, UserBasis},
    tokens::{issue::Issue, issued::Issued},
};

/// What an extension grant of the host determined: which user approved what for the client. It results in a grant row,
/// which can be listed and ended, and in tokens that are read through it.
#[derive(Clone, Debug)]
pub struct Minting {
    /// The user.
    pub subject: Subject,
    /// What was approved.
    pub scopes: Scopes,
    /// When the user authenticated (`auth_time`).
    pub authenticated_at: Timestamp,
    /// How the user authenticated (`amr`), space separated (RFC 8176 §2).
    pub amr: Box<str>,
    /// Seconds until the grant ends: the absolute lifetime of its refresh tokens.
    pub lifetime: i64,
}

impl Minting {
    /// The decision to issue them. An access token is for the resources that the request names (RFC 8707), or for
    /// those that own the scopes. An ID token is issued if `openid` was approved, and a refresh token if the client
    /// registered that grant type and either `offline_access` was approved or `openid` was not.
    ///
    /// The caller adds its own guards, such as an [`Item`](crate::store::Item) that it uses up.
    ///
    /// # Errors
    /// [`Reason::ScopeNotRegistered`] for a scope that the client did not register, [`Reason::SubjectDisabled`],
    /// [`Reason::AudienceNotRegistered`], [`Reason::ResourceNotAllowed`], and those of the store.
    pub async fn decide(
        self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let (grant, audience, basis) = self.grant(server, request).await?;
        let add = GrantChange::Add(Box::new(grant.clone()), basis);
        let mut commit = Commit::new(request.now).with(add);
        let (client, confirmation) = (&request.client, request.confirmation());
        let issue = Issue { server, client, grant: &grant, nonce: None, confirmation };
        let issued = issue.tokens(audience, &mut commit).await?;
        Ok(Decision { commit, answer: Ok(issued) })
    }

    /// The grant, the audience of its tokens, and the state of the account that guards it.
    ///
    /// # Errors
    /// As for [`Self::decide`].
    pub(super) async fn grant(
        self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<(Grant, TokenAudience, Basis), Error> {
        let client = &request.client;
        if !self.scopes.is_subset(&client.user_scopes()) {
            return Err(Reason::ScopeNotRegistered.into());
        }
        // Read before the account: a disabling after this read conflicts with the commit.
        let seen = server.store().subject(&self.subject).await?;
        match server.accounts().standing(&self.subject).await? {
            Standing::Active => {}
            Standing::Disabled | Standing::Gone => return Err(Reason::SubjectDisabled.into()),
        }
        let resources = server.registry().resources().await?;
        let wanted = RequestedResources::read(request.params.all("resource"))?;
        let audience = audience::of(&resources, client, &self.scopes, &wanted)?;
        let grant = Grant {
            id: GrantId(server.draw_row_id()),
            subject: self.subject,
            client: client.id().clone(),
            session: None,
            offline: self.scopes.contains(scope::OFFLINE_ACCESS),
            scopes: self.scopes,
            audience: audience.identifiers(),
            narrowed: audience.narrowed,
            authenticated_at: self.authenticated_at,
            amr: self.amr,
            approved_at: request.now,
            expires_at: request.now + self.lifetime,
            details: None,
        };
        Ok((grant, audience, UserBasis::Subject(seen.version).at(client.caller.epoch)))
    }
}
