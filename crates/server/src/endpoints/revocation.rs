//! `POST /revoke` (RFC 7009).

use http::{HeaderMap, StatusCode};
use protocol::{AccessToken, ClientId, RefreshToken, Timestamp, limits};

use super::form;
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    clients::{self, AuthenticatedClient},
    cors,
    error::Error,
    grants::{self, Decision},
    reason::Reason,
    store::{Commit, Event, EventKind, GrantChange, TokenChange},
    tokens,
};

pub(crate) async fn revoke(server: &AuthorizationServer, headers: &HeaderMap, body: &[u8]) -> Answer {
    let (answer, client) = match respond(server, headers, body).await {
        Ok(client) => (answer::empty(StatusCode::OK), client),
        Err(error) => (answer::json_error(&error, Scheme::Basic), None),
    };
    cors::allow_origin_of(server, answer, client.as_deref(), headers).await
}

async fn respond(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<AuthenticatedClient>, Error> {
    let params = form(headers, body)?;
    let caller = clients::authenticate(server, headers, &params).await?;
    let token = params.get("token").ok_or(Reason::ParameterMissing("token"));
    let decide = || -> futures_util::future::BoxFuture<'_, Result<Decision<()>, Error>> {
        Box::pin(async { decide(server, &caller.id, token?).await })
    };
    grants::settle(server, caller.remember.as_ref(), decide).await?;
    Ok(caller.client)
}

/// What a token of the caller's own ends. Somebody else's token, and what is no token at all, end nothing and are
/// answered alike (RFC 7009 §2.2). The hint is not needed: a token says itself what it is.
async fn decide(server: &AuthorizationServer, caller: &ClientId, token: &str) -> Result<Decision<()>, Error> {
    let now = server.now();
    if token.len() > limits::TOKEN_BYTES_MAX {
        return Ok(Decision::answer(now, ()));
    }
    let changes = match opaque_access(server, caller, token, now).await? {
        Some(changes) => changes,
        None => match refresh(server, caller, token, now).await? {
            Some(changes) => changes,
            None => jwt(server, caller, token, now).await?,
        },
    };
    Ok(Decision { commit: changes, answer: Ok(()) })
}

/// An access token ends alone: its refresh token lives on, as RFC 7009 §2.1 leaves open.
async fn opaque_access(
    server: &AuthorizationServer,
    caller: &ClientId,
    token: &str,
    now: Timestamp,
) -> Result<Option<Commit>, Error> {
    let Some(handle) = AccessToken::presented(token).map(|token| token.handle()) else { return Ok(None) };
    let Some(read) = server.store().access(handle).await?.and_then(|stored| stored.open(&handle)) else {
        return Ok(None);
    };
    let mut commit = Commit::new(now);
    if read.row.client == *caller && read.ended.is_none() {
        commit.push(TokenChange::EndAccess(handle));
    }
    Ok(Some(commit))
}

/// A refresh token, live or rotated, ends its grant and with it every token (RFC 7009 §2.1).
async fn refresh(
    server: &AuthorizationServer,
    caller: &ClientId,
    token: &str,
    now: Timestamp,
) -> Result<Option<Commit>, Error> {
    let Some(presented) = RefreshToken::presented(token) else { return Ok(None) };
    let Some(stored) = server.store().refresh(presented.family()).await? else { return Ok(None) };
    let (live, read) = stored.into_parts();
    let key = server.master().refresh_key(read.row.key);
    if !grants::refresh_token::is_of_family(&presented, live, &read.row, key) {
        return Ok(None);
    }
    let mut commit = Commit::new(now);
    if read.grant.client == *caller && read.ended.is_none() {
        commit.push(GrantChange::Revoke(read.row.grant));
        commit.push(Event {
            kind: EventKind::GrantsRevoked,
            at: now,
            subject: Some(read.grant.subject),
            client: Some(read.grant.client),
            detail: read.row.grant.to_string().into(),
        });
    }
    Ok(Some(commit))
}

/// A JWT access token is remembered as revoked until it would have expired.
async fn jwt(
    server: &AuthorizationServer,
    caller: &ClientId,
    token: &str,
    now: Timestamp,
) -> Result<Commit, Error> {
    let mut commit = Commit::new(now);
    if let Some((access, jti, ended)) = tokens::read_jwt(server, token).await?
        && access.client == *caller
        && ended.is_none()
        && access.expires_at > now
    {
        commit.push(TokenChange::RevokeJwt(jti, access.expires_at));
    }
    Ok(commit)
}
