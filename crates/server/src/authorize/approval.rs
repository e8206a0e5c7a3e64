//! Approving an authorization request: its grant and its code.

use std::sync::atomic::{AtomicBool, Ordering};

use protocol::{AuthorizationCode, ClientId, GrantId, GrantType, ResponseType, Scopes, Timestamp, scope};

use super::{pushed, request::AuthorizationRequest, return_to::Approved};
use crate::{
    AuthorizationServer,
    answer::Answer,
    audience::TokenAudience,
    error::{Error, Fault},
    reason::Reason,
    registry::RegisteredClient,
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
    let approval = Approval::new(server, client, signed_in);
    // Where an id was taken, others are drawn.
    let decide = || async {
        let client_epoch = approval.client_epoch().await?;
        let code = response_type.has_code().then(|| server.draw(AuthorizationCode::mint));
        let mut commit = alongside(code.as_ref())?;
        let mut approved = Approved::default();
        if response_type != ResponseType::None {
            let mut grant = approval.grant(&requested.scopes, &audience, now, lifetime);
            grant.session = Some(signed_in.id);
            grant.details = requested.details();
            let nonce = requested.nonce.as_deref();
            let issue = Issue { server, client, grant: &grant, nonce, confirmation: None };
            let response = FrontChannel { response_type, code: code.as_ref(), state: return_to.state() };
            let tokens = issue.in_front(&response, &mut commit).await?;
            (approved.access, approved.id_token) = (tokens.access, tokens.id_token);
            let row = |code: &AuthorizationCode| {
                let row = code_of(request, grant.id, now + settings.code_lifetime);
                CodeChange::Add(code.handle(), Box::new(row)).into()
            };
            commit.guards.extend(code.as_ref().map(row));
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

fn code_of(request: &AuthorizationRequest, grant: GrantId, expires_at: Timestamp) -> Code {
    let AuthorizationRequest { return_to, requested, .. } = request;
    Code {
        grant,
        redirect_uri: return_to.uri().into(),
        challenge: requested.challenge.clone(),
        nonce: requested.nonce.clone(),
        dpop_jkt: requested.dpop_jkt,
        expires_at,
        used: false,
        tries: 0,
    }
}

/// The approval of a request by a user who is signed in. It is decided again after a conflict.
pub(crate) struct Approval<'a> {
    server: &'a AuthorizationServer,
    client: &'a RegisteredClient,
    signed_in: &'a SignedIn,
    is_first: AtomicBool,
}

impl<'a> Approval<'a> {
    pub(crate) fn new(
        server: &'a AuthorizationServer,
        client: &'a RegisteredClient,
        signed_in: &'a SignedIn,
    ) -> Self {
        Self { server, client, signed_in, is_first: AtomicBool::new(true) }
    }

    /// The epoch of the client that guards the grant.
    ///
    /// # Errors
    /// After a conflict, why the request can't be approved any more.
    pub(crate) async fn client_epoch(&self) -> Result<i64, Error> {
        match self.is_first.swap(false, Ordering::Relaxed) {
            true => Ok(self.client.caller.epoch),
            false => looked_at_again(self.server, self.client.id(), self.signed_in).await,
        }
    }

    /// A grant of these scopes, with a new id and without a session.
    pub(crate) fn grant(
        &self,
        scopes: &Scopes,
        audience: &TokenAudience,
        now: Timestamp,
        lifetime: i64,
    ) -> Grant {
        let session = &self.signed_in.session;
        Grant {
            id: GrantId(self.server.draw_row_id()),
            subject: session.subject.clone(),
            client: self.client.id().clone(),
            session: None,
            offline: scopes.contains(scope::OFFLINE_ACCESS),
            scopes: scopes.clone(),
            audience: audience.identifiers(),
            narrowed: audience.narrowed,
            authenticated_at: session.authenticated_at,
            amr: session.amr.clone(),
            approved_at: now,
            expires_at: now + lifetime,
            details: None,
        }
    }
}

/// The epoch of the client, if it may still be answered and the user is still signed in. Only asked after a conflict:
/// the guard of the grant says so otherwise. The client is read from the store, since a cached one may be outdated.
async fn looked_at_again(
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
