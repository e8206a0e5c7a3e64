//! Approving an authorization request: its grant and its code.

use std::sync::atomic::{AtomicBool, Ordering};

use protocol::{AuthorizationCode, ClientId, GrantId, GrantType, ResponseType, scope};

use super::{pushed, request::AuthorizationRequest, return_to::Approved};
use crate::{
    AuthorizationServer,
    answer::Answer,
    error::{Error, Fault},
    reason::Reason,
    session::SignedIn,
    settle::{Carried, Decision, settle},
    store::{Change, Code, CodeChange, Commit, Grant, GrantChange, UserBasis},
    tokens::issue::{FrontChannel, Issue},
};

/// Approves the request: grant, code and tokens are written in one commit, with what `alongside` holds for this code.
///
/// # Errors
/// [`Reason::SignInOutdated`] where the user was signed out meanwhile: nothing was written, and whoever is signed in by
/// now is to be looked at again. [`Reason::RequestUriReused`] where a pushed request was used meanwhile. [`Reason::AuthorizeClientUnknown`] where the client was disabled or deleted meanwhile.
pub(crate) async fn approve(
    server: &AuthorizationServer,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    alongside: impl Fn(Option<&AuthorizationCode>) -> Result<Commit, Fault> + Send + Sync,
    carried: Carried<'_>,
) -> Result<Answer, Error> {
    let AuthorizationRequest { client, return_to, requested } = request;
    let (now, settings) = (server.now(), server.settings());
    let resources = server.registry().resources().await?;
    let audience = request.audience(&resources)?;
    let response_type = requested.response_type;
    let lifetime = match response_type.has_code() && client.may_use(GrantType::RefreshToken) {
        true if client.is_public_web() => settings.refresh_absolute_lifetime_public_web,
        true => settings.refresh_absolute_lifetime,
        false => settings.code_lifetime + audience.lifetime(settings.access_token_lifetime),
    };
    let grant = |id| Grant {
        id,
        subject: signed_in.session.subject.clone(),
        client: client.id().clone(),
        session: Some(signed_in.id),
        offline: requested.scopes.contains(scope::OFFLINE_ACCESS),
        scopes: requested.scopes.clone(),
        audience: audience.identifiers(),
        narrowed: audience.narrowed,
        authenticated_at: signed_in.session.authenticated_at,
        amr: signed_in.session.amr.clone(),
        approved_at: now,
        expires_at: now + lifetime,
        details: requested.details(),
    };
    let row = |grant| Code {
        grant,
        redirect_uri: return_to.uri().into(),
        challenge: requested.challenge.clone(),
        nonce: requested.nonce.clone(),
        dpop_jkt: requested.dpop_jkt,
        expires_at: now + settings.code_lifetime,
        used: false,
        tries: 0,
    };
    let is_first = AtomicBool::new(true);
    // Where an id was taken, others are drawn.
    let decide = || async {
        let client_epoch = match is_first.swap(false, Ordering::Relaxed) {
            true => client.caller.epoch,
            false => looked_at_again(server, client.id(), signed_in).await?,
        };
        let code = response_type.has_code().then(|| server.draw(AuthorizationCode::mint));
        let mut commit = alongside(code.as_ref())?;
        let mut approved = Approved::default();
        if response_type != ResponseType::None {
            let grant = grant(GrantId(server.draw_row_id()));
            let nonce = requested.nonce.as_deref();
            let issue = Issue { server, client, grant: &grant, nonce, confirmation: None };
            let response = FrontChannel { response_type, code: code.as_ref(), state: return_to.state() };
            let tokens = issue.in_front(&response, &mut commit).await?;
            (approved.access, approved.id_token) = (tokens.access, tokens.id_token);
            commit.guards.extend(
                code.as_ref().map(|code| CodeChange::Add(code.handle(), Box::new(row(grant.id))).into()),
            );
            commit.guards.push(GrantChange::Add(Box::new(grant), signed_in.basis.at(client_epoch)).into());
        }
        approved.code = code;
        let commit = match &requested.pushed {
            Some(key) => commit.with(pushed::use_up(server, key).await?),
            None => commit,
        };
        let commit = match &requested.object {
            Some(object) => commit.with(Change::Once(object.remember())),
            None => commit,
        };
        Ok(Decision { commit, answer: Ok(approved) })
    };
    return_to.approved(server, &settle(server.store(), carried, decide).await?).await
}

/// The epoch of the client, if it may still be answered and the user is still signed in. Only asked after a conflict:
/// the guard of the grant says so otherwise. The client is read from the store, since a cached one may be outdated.
pub(crate) async fn looked_at_again(
    server: &AuthorizationServer,
    client: &ClientId,
    signed_in: &SignedIn,
) -> Result<i64, Error> {
    let subject = &signed_in.session.subject;
    let stands = match signed_in.basis {
        UserBasis::Session(session) => server.subject_of(session).await?.as_ref() == Some(subject),
        UserBasis::Subject(version) => server.store().subject(subject).await?.version == version,
    };
    if !stands {
        return Err(Reason::SignInOutdated.into());
    }
    let client = server.store().client(client).await?.filter(|client| !client.caller.disabled);
    Ok(client.ok_or(Reason::AuthorizeClientUnknown)?.caller.epoch)
}
