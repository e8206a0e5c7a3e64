//! Minting: from what was decided to tokens and the changes that make them real.

mod access_token;
pub(crate) mod id_token;
pub(crate) mod recipient;

use protocol::{ClientId, GrantId, Handle, RefreshToken, Scopes, Subject, Timestamp};
use zeroize::Zeroizing;

pub(crate) use access_token::read_jwt;

use crate::{
    AuthorizationServer,
    audience::TokenAudience,
    error::Error,
    registry::AccessTokenFormat,
    store::{Access, Commit, TokenChange},
};

/// What a token response carries (RFC 6749 §5.1).
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access: IssuedAccess,
    /// The refresh token, if any.
    pub refresh_token: Option<RefreshToken>,
    /// The ID token, if any.
    pub id_token: Option<String>,
}

/// An access token that is about to be handed out.
pub struct IssuedAccess {
    /// The token itself.
    pub token: Zeroizing<String>,
    /// Seconds that it lives.
    pub expires_in: i64,
    /// What it allows.
    pub scopes: Scopes,
}

impl std::fmt::Debug for IssuedAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedAccess({} s, {:?})", self.expires_in, self.scopes)
    }
}

/// What an access token says.
#[derive(Debug)]
pub struct AccessClaims<'a> {
    /// What it is issued from.
    pub grant: Option<GrantId>,
    /// Who it is issued to.
    pub client: &'a ClientId,
    /// The client's epoch.
    pub epoch: i64,
    /// On whose behalf.
    pub subject: Option<&'a Subject>,
    /// Whom it is for.
    pub audience: TokenAudience,
    /// When the user signed in.
    pub authenticated_at: Option<Timestamp>,
}

/// Mints an access token of the kind that its resources ask for.
pub(crate) async fn mint_access(
    server: &AuthorizationServer,
    claims: AccessClaims<'_>,
    commit: &mut Commit,
) -> Result<IssuedAccess, Error> {
    let lifetime = claims.audience.lifetime(server.settings().access_token_lifetime);
    if claims.audience.format() == AccessTokenFormat::Jwt {
        return access_token::mint_jwt(server, &claims, commit.now, lifetime).await;
    }
    let token: protocol::AccessToken = server.draw(protocol::AccessToken::mint);
    let handle: Handle<_> = token.handle();
    let scopes = claims.audience.scopes.clone();
    let access = Access {
        grant: claims.grant,
        client: claims.client.clone(),
        epoch: claims.epoch,
        subject: claims.subject.cloned(),
        audience: claims.audience.identifiers(),
        narrowed: claims.audience.narrowed,
        scopes: scopes.clone(),
        issued_at: commit.now,
        expires_at: commit.now + lifetime,
    };
    commit.push(TokenChange::AddAccess(handle, access));
    Ok(IssuedAccess { token: Zeroizing::new(token.expose()), expires_in: lifetime, scopes })
}
