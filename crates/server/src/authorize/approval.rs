//! Approving an authorization request: its grant and its code.

use std::sync::atomic::{AtomicBool, Ordering};

use protocol::{AuthorizationCode, GrantId, GrantType, scope};

use super::request::AuthorizationRequest;
use crate::{
    AuthorizationServer,
    answer::Answer,
    error::{Error, Fault},
    reason::Reason,
    session::SignedIn,
    settle::{Carried, Decision, settle},
    store::{Basis, Code, CodeChange, Commit, Grant, GrantChange},
};

/// Approves the request: grant and code are written in one commit, with what `alongside` holds for this code.
///
/// # Errors
/// [`Reason::SignInOutdated`] where the user was signed out meanwhile: nothing was written, and whoever is signed in by
/// now is to be looked at again.
pub(crate) async fn approve(
    server: &AuthorizationServer,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    alongside: impl Fn(&AuthorizationCode) -> Result<Commit, Fault> + Send + Sync,
    carried: Carried<'_>,
) -> Result<Answer, Error> {
    let AuthorizationRequest { client, return_to, requested } = request;
    let (now, settings) = (server.now(), server.settings());
    let resources = server.registry().resources().await?;
    let audience = request.audience(&resources)?;
    let lifetime = match client.may_use(GrantType::RefreshToken) {
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
    };
    let row = |grant| Code {
        grant,
        redirect_uri: return_to.uri().into(),
        challenge: requested.challenge.clone(),
        nonce: requested.nonce.clone(),
        expires_at: now + settings.code_lifetime,
        used: false,
        tries: 0,
    };
    let is_first = AtomicBool::new(true);
    // Where an id was taken, others are drawn.
    let decide = || async {
        if !is_first.swap(false, Ordering::Relaxed) && !stands(server, signed_in).await? {
            return Err(Reason::SignInOutdated.into());
        }
        let code: AuthorizationCode = server.draw(AuthorizationCode::mint);
        let id = GrantId(server.draw_row_id());
        let commit = alongside(&code)?.with(GrantChange::Add(Box::new(grant(id)), signed_in.basis));
        let commit = commit.with(CodeChange::Add(code.handle(), Box::new(row(id))));
        Ok(Decision { commit, answer: Ok(code) })
    };
    return_to.code(server, &settle(server.store(), carried, decide).await?)
}

/// Whether the user is still signed in. Only asked after a conflict: the guard of the grant says so otherwise.
async fn stands(server: &AuthorizationServer, signed_in: &SignedIn) -> Result<bool, Fault> {
    let subject = &signed_in.session.subject;
    match signed_in.basis {
        Basis::Session(session) => Ok(server.subject_of(session).await?.as_ref() == Some(subject)),
        Basis::Subject(version) => Ok(server.store().subject(subject).await?.version == version),
    }
}
