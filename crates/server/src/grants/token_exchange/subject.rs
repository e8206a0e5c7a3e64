//! The subject token: whose it is, and what it is read through.

use protocol::{Audience, ClientId, GrantId, Scopes, SessionId, Subject, Timestamp};
use serde_json::Value;

use super::token_types::{ACCESS_TOKEN, ID_TOKEN, JWT};
use crate::{
    AuthorizationServer, access,
    audience::TokenAudience,
    context::TokenRequest,
    error::{Error, Fault},
    ports::Standing,
    reason::Reason,
    registry::RegisteredClient,
    store::{Access, Commit, Grant, GrantChange, Of, UserBasis},
    tokens::id_token,
};

/// A token of a user that is live.
#[derive(Debug)]
pub(super) struct SubjectToken {
    pub(super) subject: Subject,
    /// The client that it was issued to.
    pub(super) client: ClientId,
    pub(super) audience: Vec<Audience>,
    pub(super) scopes: Scopes,
    pub(super) expires_at: Timestamp,
    pub(super) authenticated_at: Timestamp,
    /// Who acts for the user already.
    pub(super) act: Option<Value>,
    pub(super) through: Through,
}

/// What ends the tokens that it is exchanged for.
#[derive(Debug)]
pub(super) enum Through {
    /// The grant of an access token.
    Grant(GrantId),
    /// The session of an ID token, in which a grant begins.
    Session { id: SessionId, amr: Box<str> },
}

impl SubjectToken {
    /// The grant of the new token. One that begins is added to the commit, if its session still lives.
    pub(super) fn grant(
        &self,
        server: &AuthorizationServer,
        client: &RegisteredClient,
        audience: &TokenAudience,
        commit: &mut Commit,
    ) -> GrantId {
        let (session, amr) = match &self.through {
            Through::Grant(grant) => return *grant,
            Through::Session { id, amr } => (*id, amr.clone()),
        };
        let id = GrantId(server.draw_row_id());
        let grant = Grant {
            id,
            subject: self.subject.clone(),
            client: client.id().clone(),
            session: Some(session),
            offline: false,
            scopes: audience.scopes.clone(),
            audience: audience.identifiers(),
            narrowed: audience.narrowed,
            details: None,
            authenticated_at: self.authenticated_at,
            amr,
            approved_at: commit.now,
            expires_at: self.expires_at,
        };
        let basis = UserBasis::Session(session).at(client.caller.epoch);
        commit.push(GrantChange::Add(Box::new(grant), basis));
        id
    }
}

/// Reads `subject_token` as what `subject_token_type` says it is (RFC 8693 §2.1). Refresh tokens are refused: whoever
/// holds one can refresh.
pub(super) async fn read(
    server: &AuthorizationServer,
    request: &TokenRequest<'_>,
) -> Result<SubjectToken, Error> {
    let token = request.require("subject_token")?;
    let subject = match request.require("subject_token_type")? {
        ACCESS_TOKEN | JWT => of_access_token(server, request, token).await?,
        ID_TOKEN => of_id_token(server, token, request.now).await?,
        _ => return Err(Reason::TokenTypeUnsupported.into()),
    };
    match server.accounts().standing(&subject.subject).await? {
        Standing::Active => Ok(subject),
        Standing::Disabled | Standing::Gone => Err(Reason::SubjectDisabled.into()),
    }
}

/// A live access token, opaque or JWT.
pub(super) async fn live(
    server: &AuthorizationServer,
    token: &str,
    now: Timestamp,
) -> Result<Option<Access>, Fault> {
    let found = access::find(server, token).await?.filter(|found| found.ended.is_none());
    let access = found.map(|found| found.access);
    Ok(access.filter(|access| access.expires_at > now && !access.only_introspects()))
}

async fn of_access_token(
    server: &AuthorizationServer,
    request: &TokenRequest<'_>,
    token: &str,
) -> Result<SubjectToken, Error> {
    let access = live(server, token, request.now).await?.ok_or(Reason::SubjectTokenInactive)?;
    // RFC 9449 §7.1: whoever can't show the key has no use of the token here either, and the new one is bound to it, too.
    if !access.confirmation.as_deref().is_none_or(|bound| request.shows(bound)) {
        return Err(Reason::SubjectTokenInactive.into());
    }
    // A token of a client that acts for itself has no user to speak for: the client can ask for its own.
    let (Some(subject), Some(id)) = (access.subject, access.grant) else {
        return Err(Reason::SubjectTokenNotAllowed.into());
    };
    let grants = server.store().list_grants(Some(&Of::Grant(id)), None, 1).await?;
    let grant = grants.into_iter().next().ok_or(Reason::SubjectTokenInactive)?;
    let act = access.act.map(|act| serde_json::from_str(&act)).transpose().map_err(Fault::new)?;
    Ok(SubjectToken {
        subject,
        client: access.client,
        audience: access.audience,
        scopes: access.scopes,
        expires_at: access.expires_at,
        authenticated_at: grant.authenticated_at,
        act,
        through: Through::Grant(id),
    })
}

/// An ID token of a session that lives. It opens nothing by itself, so it has no scopes to hand on.
async fn of_id_token(
    server: &AuthorizationServer,
    token: &str,
    now: Timestamp,
) -> Result<SubjectToken, Error> {
    let hint = id_token::read_hint(server, token).await?.filter(|hint| hint.expires_at > now);
    let hint = hint.ok_or(Reason::SubjectTokenInactive)?;
    let id = hint.session.ok_or(Reason::SubjectTokenInactive)?;
    let session = server.session_of(id).await?;
    let session = session.filter(|session| session.subject == hint.subject && session.expires_at > now);
    let session = session.ok_or(Reason::SubjectTokenInactive)?;
    Ok(SubjectToken {
        subject: hint.subject,
        client: hint.client,
        audience: Vec::new(),
        scopes: Scopes::default(),
        expires_at: hint.expires_at,
        authenticated_at: session.authenticated_at,
        act: None,
        through: Through::Session { id, amr: session.amr },
    })
}
