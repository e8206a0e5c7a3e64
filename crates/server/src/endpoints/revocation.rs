//! `POST /revoke` (RFC 7009).

use http::StatusCode;
use protocol::{ClientId, RefreshToken, ServerMetadata, Timestamp};

use super::{offer::Offer, table::CALL};
use crate::{
    AuthorizationServer,
    access::{self, Found, FoundBy},
    answer::{self, Answer, Scheme},
    clients::{self, AuthenticatedClient},
    context::{Cors, Endpoint, Installed, Responder},
    cors,
    error::Error,
    incoming::{Incoming, RequestHead as _},
    settle::{Carried, Decision, settle},
    store::{Commit, End, TokenChange, Why},
    tokens::family::Family,
};

pub(crate) fn install(installed: &mut Installed) {
    installed.endpoint(Endpoint {
        path: "/revoke".into(),
        methods: CALL,
        cors: Cors::ClientOrigins,
        advertise: Box::new(advertise),
        answer: Responder::Revocation,
    });
}

fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>) {
    metadata.revocation_endpoint = Some(offer.url.to_owned());
    metadata.revocation_endpoint_auth_methods_supported = offer.client_auth_methods(true);
    metadata.revocation_endpoint_auth_signing_alg_values_supported = Offer::assertion_algorithms();
}

pub(crate) async fn revoke(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    let (answer, client) = match respond(server, incoming).await {
        Ok(client) => (answer::empty(StatusCode::OK), client),
        Err(error) => (answer::json_error(&error, Scheme::Basic), None),
    };
    cors::allow_origin_of(server, answer, client.as_deref(), incoming.headers()).await
}

async fn respond(
    server: &AuthorizationServer,
    incoming: &Incoming,
) -> Result<Option<AuthenticatedClient>, Error> {
    let params = incoming.form()?;
    let caller = clients::authenticate(server, incoming, &params).await?;
    let token = incoming.head.require(&params, "token");
    let carried = Carried::of(server.now(), &incoming.head, &caller.remember).by(&caller.id);
    settle(server.store(), carried, || async { decide(server, &caller.id, token?).await }).await?;
    Ok(caller.client)
}

/// Ends a token of the caller. Another client's token and an invalid token end nothing and get the same answer
/// (RFC 7009 §2.2). `token_type_hint` is not needed: the form of a token shows its type.
async fn decide(server: &AuthorizationServer, caller: &ClientId, token: &str) -> Result<Decision<()>, Error> {
    let now = server.now();
    let commit = match access::find(server, token).await? {
        Some(found) => of_access(found, caller, now),
        None => refresh(server, caller, token, now).await?.unwrap_or_else(|| Commit::new(now)),
    };
    Ok(Decision { commit, answer: Ok(()) })
}

/// Ends only the access token: its refresh token stays valid, which RFC 7009 §2.1 permits. The revocation of a JWT is
/// stored until its `exp`.
fn of_access(found: Found, caller: &ClientId, now: Timestamp) -> Commit {
    let mut commit = Commit::new(now);
    if found.access.client != *caller || found.ended.is_some() {
        return commit;
    }
    match found.by {
        FoundBy::Handle(handle) => commit.push(TokenChange::EndAccess(handle)),
        FoundBy::Jti(jti) if found.access.expires_at > now => {
            commit.push(TokenChange::RevokeJwt(jti, found.access.expires_at));
        }
        FoundBy::Jti(_) => {}
    }
    commit
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
    if !(Family { live, row: &read.row, key }).knows(&presented) {
        return Ok(None);
    }
    let mut commit = Commit::new(now);
    if read.grant.client == *caller && read.ended.is_none() {
        commit.push(End::grant(&read.grant, Why::Revoked));
    }
    Ok(Some(commit))
}
