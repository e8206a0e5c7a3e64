//! `grant_type=refresh_token` (RFC 6749 §6), rotated (RFC 9700 §4.14.2), forgiving a lost answer for a moment.

use async_trait::async_trait;
use protocol::{Digest, GrantType, RefreshToken, Scopes, Timestamp, limits, scope};

use crate::{
    AuthorizationServer,
    audience::{self, Wanted},
    context::{GrantHandler, Installed, TokenRequest},
    error::Error,
    ports::Standing,
    reason::Reason,
    settle::Decision,
    store::{Commit, End, Grant, Refresh, Through, TokenChange, Why},
    tokens::{self, AccessClaims, Issued, id_token},
};

/// The grant of clients that come back.
#[derive(Clone, Copy, Debug)]
pub struct RefreshTokenGrant;

pub(crate) fn install(installed: &mut Installed) {
    installed.grant(RefreshTokenGrant);
}

/// What a presented refresh token is to its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    /// The one that works.
    Live,
    /// Rotated a moment ago: the answer was lost, or two tabs raced. It gets its successor again.
    JustRotated,
    /// Once ours, long since rotated: somebody else holds it, or held it.
    Spent,
    /// Never ours.
    Foreign,
}

/// The rule. Successors are derived, so a spent token proves itself by leading to the live one, and garbage can't
/// revoke a family. `(now, grace)` is the time and for how many seconds a rotation is forgiven.
pub(crate) fn standing(
    presented: &RefreshToken,
    live: Digest<RefreshToken>,
    family: &Refresh,
    key: Option<&[u8; 32]>,
    (now, grace): (Timestamp, i64),
) -> Presented {
    let Some(back) = family.generation.checked_sub(presented.generation()) else { return Presented::Foreign };
    let Some(key) = key.filter(|_| back <= limits::GENERATIONS_BACK_MAX) else { return Presented::Foreign };
    let mut reached = presented.clone();
    for _ in 0..back {
        let Some(next) = reached.successor(key) else { return Presented::Foreign };
        reached = next;
    }
    if reached.handle().digest != live {
        return Presented::Foreign;
    }
    match back {
        0 => Presented::Live,
        1 if now.since(family.rotated_at) < grace => Presented::JustRotated,
        _ => Presented::Spent,
    }
}

/// Whether this token is of this family, in whatever generation.
pub(crate) fn is_of_family(
    presented: &RefreshToken,
    live: Digest<RefreshToken>,
    family: &Refresh,
    key: Option<&[u8; 32]>,
) -> bool {
    standing(presented, live, family, key, (Timestamp(0), 0)) != Presented::Foreign
}

#[async_trait]
impl GrantHandler for RefreshTokenGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::RefreshToken
    }

    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let presented =
            RefreshToken::presented(request.require("refresh_token")?).ok_or(Reason::RefreshUnknown)?;
        let stored = server.store().refresh(presented.family()).await?.ok_or(Reason::RefreshUnknown)?;
        let (live, read) = stored.into_parts();
        let key = server.master().refresh_key(read.row.key);
        let grace = (request.now, server.settings().refresh_grace);
        let standing = standing(&presented, live, &read.row, key, grace);
        if let Err(reason) = redeem(&read, standing, request) {
            return Ok(refusal(reason, &read, request.now));
        }
        match server.accounts().standing(&read.grant.subject).await? {
            Standing::Active => {}
            Standing::Disabled | Standing::Gone => return Err(Reason::SubjectDisabled.into()),
        }
        let resources = server.registry().resources().await?;
        let (scopes, wanted) = narrowed(&read.grant, request)?;
        let audience = audience::approved(&resources, &request.client, &read.grant, &scopes, &wanted)?;
        let successor = key.and_then(|key| presented.successor(key)).ok_or(Reason::RefreshUnknown)?;
        let mut commit = Commit::new(request.now);
        if standing == Presented::Live {
            commit.push(TokenChange::Rotate {
                family: read.row.family,
                from: read.row.generation,
                to: successor.handle().digest,
                at: request.now,
                expires_at: (request.now + server.settings().refresh_idle_lifetime)
                    .min(read.grant.expires_at),
            });
        }
        let claims = AccessClaims {
            grant: Some(read.grant.id),
            client: request.client.id(),
            epoch: request.client.caller.epoch,
            subject: Some(&read.grant.subject),
            audience,
            authenticated_at: Some(read.grant.authenticated_at),
        };
        let access = tokens::mint_access(server, claims, &mut commit).await?;
        let id_token = match request.client.still_has(&read.grant.scopes, scope::OPENID) {
            true => Some(id_token::mint(server, &request.client, &read.grant, None, &access.token).await?),
            false => None,
        };
        Ok(Decision { commit, answer: Ok(Issued { access, refresh_token: Some(successor), id_token }) })
    }
}

/// The rule: no clock, no store, everything it weighs is in its arguments.
fn redeem(read: &Through<Refresh>, standing: Presented, request: &TokenRequest<'_>) -> Result<(), Reason> {
    if standing == Presented::Foreign {
        return Err(Reason::RefreshUnknown);
    }
    if read.grant.client != *request.client.id() {
        return Err(Reason::RefreshClientMismatch);
    }
    if read.ended.is_some() {
        return Err(Reason::GrantEnded);
    }
    if standing == Presented::Spent {
        return Err(Reason::RefreshReuseDetected);
    }
    if read.row.expires_at <= request.now || read.grant.expires_at <= request.now {
        return Err(Reason::RefreshExpired);
    }
    // What made this grant one that refreshes: `offline_access`, or being no OpenID one.
    let is_offline = request.client.still_has(&read.grant.scopes, scope::OFFLINE_ACCESS);
    if !is_offline && read.grant.scopes.contains(scope::OPENID) {
        return Err(Reason::ApprovalEnded);
    }
    let has_session = read.session_expires_at.is_some_and(|expires| expires > request.now);
    if !is_offline && read.grant.session.is_some() && !has_session {
        return Err(Reason::SessionEnded);
    }
    Ok(())
}

/// A replay ends the grant; nothing else does. A read says `ended`, so a second replay costs no second write.
fn refusal(reason: Reason, read: &Through<Refresh>, now: Timestamp) -> Decision<Issued> {
    let mut decision = Decision::refuse(now, reason);
    if reason == Reason::RefreshReuseDetected {
        decision.commit.push(End::grant(&read.grant, Why::RefreshReplayed));
    }
    decision
}

/// What this access token may be narrowed to (RFC 6749 §6, RFC 8707 §2.2). The refresh token keeps everything.
fn narrowed(grant: &Grant, request: &TokenRequest<'_>) -> Result<(Scopes, Wanted), Reason> {
    let scopes = match request.params.get("scope") {
        Some(text) => Scopes::parse(text).map_err(|_| Reason::ScopeMalformed)?,
        None => grant.scopes.clone(),
    };
    if !scopes.is_subset(&grant.scopes) {
        return Err(Reason::ScopeNotGranted);
    }
    if request.params.get("scope").is_some() && !scopes.is_subset(&request.client.user_scopes()) {
        return Err(Reason::ScopeNotRegistered);
    }
    let wanted = Wanted::read(request.params.all("resource"))?;
    if wanted.0.iter().any(|resource| !grant.audience.contains(resource)) {
        return Err(Reason::ResourceNotAllowed);
    }
    Ok((scopes, wanted))
}

#[cfg(test)]
mod tests {
    use protocol::{FamilyId, GrantId};

    use super::*;

    #[test]
    fn a_presented_token_is_what_it_leads_to() {
        let key = [1; 32];
        let next = |token: &RefreshToken| token.successor(&key);
        let line: Vec<RefreshToken> =
            std::iter::successors(Some(RefreshToken::first(FamilyId(7), [9; 20])), next).take(5).collect();
        let family = Refresh {
            family: FamilyId(7),
            grant: GrantId(1),
            generation: 3,
            rotated_at: Timestamp(100),
            expires_at: Timestamp(1_000),
            key: 1,
        };
        let live = line[3].handle().digest;
        let is = |token: &RefreshToken, now| standing(token, live, &family, Some(&key), (Timestamp(now), 10));
        assert_eq!(is(&line[3], 500), Presented::Live);
        assert_eq!(is(&line[2], 109), Presented::JustRotated);
        assert_eq!(is(&line[2], 110), Presented::Spent);
        assert_eq!(is(&line[1], 100), Presented::Spent);
        assert_eq!(is(&line[4], 100), Presented::Foreign);
        assert_eq!(is(&RefreshToken::first(FamilyId(7), [8; 20]), 100), Presented::Foreign);
        assert_eq!(standing(&line[3], live, &family, None, (Timestamp(100), 10)), Presented::Foreign);
    }
}
