//! Minting: from a decision to tokens and the changes that store them.

mod access_token;
pub(crate) mod claims;
pub(crate) mod family;
pub(crate) mod id_token;
pub(crate) mod issue;
pub(crate) mod issued;
pub(crate) mod recipient;

use protocol::Handle;
use zeroize::Zeroizing;

pub use issued::{AccessClaims, Exchanged, Issued, IssuedAccess};

pub(crate) use access_token::read_jwt;

use crate::{
    AuthorizationServer,
    error::Error,
    reason::Reason,
    registry::AccessTokenFormat,
    store::{Access, Commit, TokenChange},
};

/// Mints an access token in the format that its resources ask for.
///
/// # Errors
/// [`Reason::AudienceTooMany`], where a token for several resources is refused. A code is not used up by that, nor a
/// refresh token rotated: the client may ask again, with `resource`.
pub(crate) async fn mint_access(
    server: &AuthorizationServer,
    claims: AccessClaims<'_>,
    commit: &mut Commit,
) -> Result<IssuedAccess, Error> {
    let is_refused = server.settings().one_resource_per_token || claims.audience.one_resource;
    if is_refused && claims.audience.resources.len() > 1 {
        return Err(Reason::AudienceTooMany.into());
    }
    let mut lifetime = claims.audience.lifetime(server.settings().access_token_lifetime);
    if let Some(exchanged) = &claims.exchanged {
        lifetime = lifetime.min(exchanged.until.since(commit.now));
    }
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
        details: claims.details.clone(),
        confirmation: claims.confirmation.copied().map(Box::new),
        act: claims.exchanged.and_then(|exchanged| exchanged.act).map(|act| act.to_string().into()),
    };
    commit.push(TokenChange::AddAccess(handle, access));
    let token_type = claims.token_type();
    Ok(IssuedAccess {
        token: Zeroizing::new(token.expose()),
        expires_in: lifetime,
        scopes,
        details: claims.details,
        token_type,
    })
}
