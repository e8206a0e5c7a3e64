//! `grant_type=refresh_token` (RFC 6749 §6), rotated (RFC 9700 §4.14.2), with a grace
//! period in which a client that lost the answer may repeat the request.

use async_trait::async_trait;
use protocol::{GrantType, RefreshToken, Scopes, Timestamp, scope};

use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources},
    context::{GrantHandler, Installed, TokenRequest},
    details,
    error::Error,
    incoming::RequestHead as _,
    ports::Standing,
    reason::Reason,
    refusal::{Difference, parameters},
    settle::Decision,
    store::{Commit, End, Grant, Refresh, Through, TokenChange, Why},
    tokens::{
        self, AccessClaims, Issued,
        family::{Family, Presented},
        id_token,
    },
};

/// Redeems a refresh token (RFC 6749 §6).
#[derive(Clone, Copy, Debug)]
pub struct RefreshTokenGrant;

pub(crate) fn install(installed: &mut Installed) {
    installed.grant(RefreshTokenGrant);
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
        let family = Family { live, row: &read.row, key };
        let standing = family.standing(&presented, request.now, server.settings().refresh_grace);
        let head = &request.incoming.head;
        if standing != Presented::Foreign {
            head.note_subject(&read.grant.subject);
        }
        if let Err(reason) = redeem(&read, standing, request) {
            head.differs(reason, || difference(reason, &read, request));
            return Ok(refusal(reason, &read, request.now));
        }
        match server.accounts().standing(&read.grant.subject).await? {
            Standing::Active => {}
            Standing::Disabled | Standing::Gone => return Err(Reason::SubjectDisabled.into()),
        }
        let resources = server.registry().resources().await?;
        let (scopes, wanted) = narrowed(&read.grant, request)
            .map_err(|reason| head.differs(reason, || surplus(reason, &read.grant, request)))?;
        let grant = details::narrowed_grant(&read.grant, request.params.get("authorization_details"))?;
        let audience = audience::approved(&resources, &request.client, &grant, &scopes, &wanted)?;
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
            details: audience.details(&grant),
            audience,
            authenticated_at: Some(read.grant.authenticated_at),
            confirmation: request.confirmation(),
            exchanged: None,
        };
        let access = tokens::mint_access(server, claims, &mut commit).await?;
        let id_token = match request.client.still_has(&read.grant.scopes, scope::OPENID) {
            true => Some(id_token::mint(server, &request.client, &read.grant, None, &access.token).await?),
            false => None,
        };
        Ok(Decision {
            commit,
            answer: Ok(Issued { access, refresh_token: Some(successor), id_token, issued_token_type: None }),
        })
    }
}

/// The rules, as a function of its arguments only.
fn redeem(read: &Through<Refresh>, standing: Presented, request: &TokenRequest<'_>) -> Result<(), Reason> {
    if standing == Presented::Foreign {
        return Err(Reason::RefreshUnknown);
    }
    if read.grant.client != *request.client.id() {
        return Err(Reason::RefreshClientMismatch);
    }
    // Before the replay is looked at: whoever does not hold the key can neither use the family nor end it.
    if !read.row.confirmation.as_ref().is_none_or(|bound| request.shows(bound)) {
        return Err(Reason::RefreshKeyMismatch);
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
    // A refresh token needs `offline_access`, unless the grant is without `openid`.
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

/// What differs where the rules refuse, for the log. The token is not in it.
fn difference(reason: Reason, read: &Through<Refresh>, request: &TokenRequest<'_>) -> Option<Difference> {
    let end = read.row.expires_at.min(read.grant.expires_at);
    Some(match reason {
        Reason::RefreshClientMismatch => {
            Difference::new("client_id", request.client.id(), format_args!("{}", read.grant.client))
        }
        Reason::RefreshKeyMismatch => {
            let shown = request.confirmation().map_or("no key", |_| "another key");
            Difference::new("DPoP", shown, "the key that the first request of the family showed")
        }
        Reason::RefreshReuseDetected => {
            Difference::new("refresh_token", "a token that was rotated", "the last token of its family")
        }
        Reason::RefreshExpired => Difference::new(
            "refresh_token",
            format_args!("a token that expired {} s ago", request.now.since(end)),
            "a token before its end",
        ),
        Reason::ApprovalEnded => Difference::new(
            "scope",
            "a grant with openid, of a client without offline_access",
            "offline_access among the scopes of the client",
        ),
        Reason::SessionEnded => Difference::new(
            "scope",
            "a grant without offline_access, whose session is over",
            "offline_access, or a session",
        ),
        _ => return None,
    })
}

/// What a request asks for beyond what was granted.
fn surplus(reason: Reason, grant: &Grant, request: &TokenRequest<'_>) -> Option<Difference> {
    match reason {
        Reason::ScopeNotGranted => {
            let asked = Scopes::parse(request.params.get("scope")?).ok()?;
            Some(parameters::scopes(&asked.filter(|token| !grant.scopes.contains(token)), &grant.scopes))
        }
        Reason::ResourceNotAllowed => {
            let asked = parameters::list(request.params.all("resource"));
            Some(Difference::new("resource", asked, parameters::list(&grant.audience)))
        }
        _ => None,
    }
}

/// Only a replay ends the grant. A read returns `ended` after that, so a second replay writes nothing.
fn refusal(reason: Reason, read: &Through<Refresh>, now: Timestamp) -> Decision<Issued> {
    let mut decision = Decision::refuse(now, reason);
    if reason == Reason::RefreshReuseDetected {
        decision.commit.push(End::grant(&read.grant, Why::RefreshReplayed));
    }
    decision
}

/// The scopes and resources of this access token (RFC 6749 §6, RFC 8707 §2.2). The refresh token keeps all of them.
fn narrowed(grant: &Grant, request: &TokenRequest<'_>) -> Result<(Scopes, RequestedResources), Reason> {
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
    let wanted = RequestedResources::read(request.params.all("resource"))?;
    if wanted.0.iter().any(|resource| !grant.audience.contains(resource)) {
        return Err(Reason::ResourceNotAllowed);
    }
    Ok((scopes, wanted))
}
