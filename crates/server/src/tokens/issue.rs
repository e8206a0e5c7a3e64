//! The first tokens of a grant.

use protocol::{Confirmation, FamilyId, GrantType, RefreshToken, scope};

use super::{
    id_token,
    issued::{AccessClaims, Issued},
    mint_access,
};
use crate::{
    AuthorizationServer,
    audience::TokenAudience,
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

impl Issue<'_> {
    /// The access token, and the ID token and refresh token if the grant has them.
    pub(crate) async fn tokens(&self, audience: TokenAudience, commit: &mut Commit) -> Result<Issued, Error> {
        let (server, client, grant) = (self.server, self.client, self.grant);
        let claims = AccessClaims {
            grant: Some(grant.id),
            client: client.id(),
            epoch: client.caller.epoch,
            subject: Some(&grant.subject),
            audience,
            authenticated_at: Some(grant.authenticated_at),
            confirmation: self.confirmation,
        };
        let access = mint_access(server, claims, commit).await?;
        let id_token = match client.still_has(&grant.scopes, scope::OPENID) {
            true => Some(id_token::mint(server, client, grant, self.nonce, &access.token).await?),
            false => None,
        };
        Ok(Issued { access, refresh_token: self.refresh_token(commit), id_token })
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
