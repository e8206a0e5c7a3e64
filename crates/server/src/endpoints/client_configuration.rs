//! `GET`, `PUT` and `DELETE /register/{client_id}`: a client manages its registration (RFC 7592).

use std::sync::Arc;

use http::{Method, StatusCode};
use protocol::{ClientId, RegistrationToken};
use serde_json::{Map, Value};

use super::{
    registration::{PATH, Saved, location, members, presented, record, refused, requested, told},
    table::{MANAGE, NAMED},
};
use crate::{
    AuthorizationServer,
    answer::{self, Answer},
    context::{Cors, Endpoint, Installed, Responder},
    error::Error,
    incoming::{Incoming, RequestHead as _},
    reason::Reason,
    registration::{
        Finding, RegistryView,
        stranger::{Rejection, information},
    },
    settings::DynamicRegistration,
    settle::{Carried, Decision, settle},
    store::{Client, Commit, End, Expect, Of, Provenance, RegistryChange, Why},
};

pub(super) fn install(installed: &mut Installed, settings: &DynamicRegistration) {
    let settings = Arc::new(settings.clone());
    installed.endpoint(Endpoint {
        path: format!("{PATH}{NAMED}").into(),
        methods: MANAGE,
        cors: Cors::Anyone,
        // RFC 7592 §3: a client learns its URL with its registration.
        advertise: Box::new(|_, _| {}),
        answer: Responder::new(move |server, incoming| {
            let settings = Arc::clone(&settings);
            Box::pin(async move { respond(server, incoming, &settings).await })
        }),
    });
}

async fn respond(
    server: &AuthorizationServer,
    incoming: &Incoming,
    settings: &DynamicRegistration,
) -> Answer {
    let found = match incoming.head.method {
        Method::PUT => return told(server, update(server, incoming, settings).await, StatusCode::OK),
        Method::DELETE => delete(server, incoming).await.map(|()| answer::empty(StatusCode::NO_CONTENT)),
        _ => read(server, incoming).await,
    };
    found.unwrap_or_else(|error| refused(&error))
}

/// RFC 7592 §2.1. The secret is stored as a digest and can't be told again.
async fn read(server: &AuthorizationServer, incoming: &Incoming) -> Result<Answer, Error> {
    let (client, token) = authenticated(server, incoming).await?;
    answer::json(&information(&client, None, &token, &location(server, &client.caller.id), &[]))
}

/// RFC 7592 §2.2: what is sent replaces what was registered. The token is replaced as well.
async fn update(
    server: &AuthorizationServer,
    incoming: &Incoming,
    settings: &DynamicRegistration,
) -> Result<Result<Saved, Rejection>, Error> {
    let (client, _) = authenticated(server, incoming).await?;
    let (id, now) = (client.caller.id, server.now());
    let sent = members(incoming)?;
    let carried = Carried::of(now, &incoming.head, &[]).by(&id);
    settle(server.store(), carried, || async {
        let (client, _) = authenticated(server, incoming).await?;
        let members = match own(server, &client, sent.clone()) {
            Ok(members) => members,
            Err(rejection) => return Ok(Decision::answer(now, Err(rejection))),
        };
        let mut requested = match requested(server, settings, members, &id).await? {
            Ok(requested) => requested,
            Err(rejection) => return Ok(Decision::answer(now, Err(rejection))),
        };
        requested.registration.keep_what_the_operator_set(&client);
        let view = RegistryView::look(server.store(), server.accounts(), std::slice::from_ref(&id)).await?;
        let token: RegistrationToken = server.draw(RegistrationToken::mint);
        let mut saved = match record(server, &view, &requested, token) {
            Ok(saved) => saved,
            Err(rejection) => return Ok(Decision::answer(now, Err(rejection))),
        };
        saved.client.registered.by = Provenance::SelfRegistered { token: saved.token.handle().digest };
        // That of the record whose token was checked.
        let expect = Expect::Version(client.version);
        Ok(Decision { commit: saved.commit(now, expect, None), answer: Ok(Ok(saved)) })
    })
    .await
}

/// The members without the id and the secret, which must be those of the client (RFC 7592 §2.2).
fn own(
    server: &AuthorizationServer,
    client: &Client,
    mut members: Map<String, Value>,
) -> Result<Map<String, Value>, Rejection> {
    let refused = |at: &str, text: &str| Rejection::of(&[Finding::new(at, text)]);
    let caller = &client.caller;
    match members.remove("client_id") {
        Some(Value::String(sent)) if sent == caller.id.as_str() => {}
        _ => return Err(refused("/client_id", "is required, and must be the one that was issued")),
    }
    let Some(sent) = members.remove("client_secret") else { return Ok(members) };
    let is_own = |sent: &str| {
        let stored = caller.secret.as_ref();
        stored.is_some_and(|stored| server.master().is_secret(&caller.id, sent.as_bytes(), stored))
    };
    match sent.as_str().is_some_and(is_own) {
        true => Ok(members),
        false => Err(refused("/client_secret", "must be the one that was issued")),
    }
}

/// RFC 7592 §2.3. Grants and tokens end with the client.
async fn delete(server: &AuthorizationServer, incoming: &Incoming) -> Result<(), Error> {
    let (client, _) = authenticated(server, incoming).await?;
    let (id, now) = (client.caller.id, server.now());
    let end = End::new(Of::Client(id.clone()), Why::ClientDeleted, server.settings().logout_ends_offline);
    let carried = Carried::of(now, &incoming.head, &[]).by(&id);
    settle(server.store(), carried, || async {
        let commit = Commit::new(now).with(RegistryChange::DeleteClient(id.clone())).with(end.clone());
        Ok(Decision { commit, answer: Ok(()) })
    })
    .await
}

/// The client that the path names, if the request has its registration access token.
///
/// # Errors
/// [`Reason::RegistrationTokenWrong`] also where there is no such client, or the operator disabled it or registered it:
/// nobody learns which (RFC 7592 §2.1: "If the client does not exist on this server, the server MUST respond with an HTTP
/// 401").
async fn authenticated(
    server: &AuthorizationServer,
    incoming: &Incoming,
) -> Result<(Client, RegistrationToken), Error> {
    let token = presented(incoming)?;
    let path = incoming.head.uri.path();
    let name = path.strip_suffix('/').unwrap_or(path).rsplit('/').next().unwrap_or_default();
    let client = match ClientId::parse(name) {
        Some(id) => server.store().client(&id).await?,
        None => None,
    };
    let client = client.filter(|client| !client.caller.disabled).ok_or(Reason::RegistrationTokenWrong)?;
    match &client.registered.by {
        Provenance::SelfRegistered { token: stored } if *stored == token.handle().digest => {}
        _ => return Err(Reason::RegistrationTokenWrong.into()),
    }
    incoming.head.note_client(&client.caller.id);
    Ok((client, token))
}
