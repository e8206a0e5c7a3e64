//! The first tokens of a grant.

use protocol::{AuthorizationCode, Confirmation, FamilyId, GrantType, RefreshToken, ResponseType, scope};

use super::{
    id_token::{self, Hashed},
    issued::{AccessClaims, Issued, IssuedAccess},
    mint_access,
};
use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources, TokenAudience},
    error::Error,
    master::REFRESH_KEY,
    registry::RegisteredClient,
    store::{Commit, Grant, Refresh, TokenChange},
};

/// A grant for which no token was issued yet.
pub(crate) struct Issue<'a> {
    pub(crate) server: &'a AuthorizationServer,
    pub(crate) client: &'a RegisteredClient,
    pub(crate) grant: &'a Grant,
    /// The nonce of the authorization request (OpenID Connect Core 1.0 §3.1.2.1).
    pub(crate) nonce: Option<&'a str>,
    /// What its tokens are bound to: that of the token request.
    pub(crate) confirmation: Option<&'a Confirmation>,
}

/// What an authorization response is to have beside the code (OpenID Connect Core 1.0 §3.2.2.5, §3.3.2.5).
pub(crate) struct FrontChannel<'a> {
    pub(crate) response_type: ResponseType,
    pub(crate) code: Option<&'a AuthorizationCode>,
    pub(crate) state: Option<&'a str>,
}

/// The tokens of an authorization response.
#[derive(Debug, Default)]
pub(crate) struct FrontTokens {
    pub(crate) access: Option<IssuedAccess>,
    pub(crate) id_token: Option<String>,
}

impl Issue<'_> {
    /// The tokens of an authorization response, with no refresh token among them (RFC 6749 §4.2.2).
    pub(crate) async fn in_front(
        &self,
        response: &FrontChannel<'_>,
        commit: &mut Commit,
    ) -> Result<FrontTokens, Error> {
        let (server, client, grant) = (self.server, self.client, self.grant);
        let mut tokens = FrontTokens::default();
        if response.response_type.has_token() {
            let resources = server.registry().resources().await?;
            let wanted = RequestedResources::default();
            let audience = audience::approved(&resources, client, grant, &grant.scopes, &wanted)?;
            tokens.access = Some(self.access(audience, commit).await?);
        }
        if response.response_type.has_id_token() {
            let hashed = Hashed {
                access_token: tokens.access.as_ref().map(|access| access.token.as_str()),
                code: response.code.map(AuthorizationCode::expose),
                state: response.state,
            };
            tokens.id_token = Some(id_token::mint_beside(server, client, grant, self.nonce, &hashed).await?);
        }
        Ok(tokens)
    }

    /// The access token, and the ID token and refresh token if the grant has them.
    pub(crate) async fn tokens(&self, audience: TokenAudience, commit: &mut Commit) -> Result<Issued, Error> {
        let (server, client, grant) = (self.server, self.client, self.grant);
        let access = self.access(audience, commit).await?;
        let id_token = match client.still_has(&grant.scopes, scope::OPENID) {
            true => Some(id_token::mint(server, client, grant, self.nonce, &access.token).await?),
            false => None,
        };
        Ok(Issued { access, refresh_token: self.refresh_token(commit), id_token, issued_token_type: None })
    }

    /// The access token alone.
    pub(crate) async fn access(
        &self,
        audience: TokenAudience,
        commit: &mut Commit,
    ) -> Result<IssuedAccess, Error> {
        let (client, grant) = (self.client, self.grant);
        let claims = AccessClaims {
            grant: Some(grant.id),
            client: client.id(),
            epoch: client.caller.epoch,
            subject: Some(&grant.subject),
            details: audience.details(grant),
            audience,
            authenticated_at: Some(grant.authenticated_at),
            confirmation: self.confirmation,
            exchanged: None,
        };
        mint_access(self.server, claims, commit).await
    }

    /// A client that registered `refresh_token` gets one; for an OpenID request only with `offline_access`, which the
    /// consent page showed.
    fn refresh_token(&self, commit: &mut Commit) -> Option<RefreshToken> {
        let (server, client, grant) = (self.server, self.client, self.grant);
        let refreshes =
            client.still_has(&grant.scopes, scope::OFFLINE_ACCESS) || !grant.scopes.contains(scope::OPENID);
        // A confidential client proves itself at each use, and may change its key (RFC 9449 §5, RFC 8705 §4).
        let bound = self.confirmation.filter(|_| client.is_public());
        (client.may_use(GrantType::RefreshToken) && refreshes).then(|| {
            let token: RefreshToken = server.draw(|id, entropy: [u8; 24]| {
                RefreshToken::first(FamilyId(id), std::array::from_fn(|i| entropy[i]))
            });
            let row = Refresh {
                family: token.family(),
                grant: grant.id,
                generation: 0,
                rotated_at: commit.now,
                expires_at: (commit.now + server.settings().refresh_idle_lifetime).min(grant.expires_at),
                key: REFRESH_KEY,
                confirmation: bound.copied().map(Box::new),
            };
            commit.push(TokenChange::AddRefresh(token.handle().digest, row));
            token
        })
    }
}
