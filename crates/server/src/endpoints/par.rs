//! `POST /par` (RFC 9126): a client pushes its authorization request, and gets a reference for the browser to carry.

use std::sync::Arc;

use http::StatusCode;
use protocol::ServerMetadata;
use serde::Serialize;

use super::{offer::Offer, table::CALL};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    authorize::{
        client,
        push_rates::PushRates,
        pushed::{self, PushedSource},
        request,
        source::{self, Parameters, Source},
    },
    clients::{self, AuthenticatedClient},
    context::{Cors, Endpoint, Installed, Responder},
    cors,
    error::Error,
    incoming::{Incoming, RequestHead as _},
    origin::Origin,
    reason::Reason,
    refusal::parameters::{self, Registered},
    sender,
    settings::PushedRequests,
    settle::{Carried, Decision, settle},
    store::{Change, Commit},
};

/// The response (RFC 9126 §2.2).
#[derive(Serialize)]
struct PushedResponse {
    request_uri: String,
    expires_in: i64,
}

pub(crate) fn install(installed: &mut Installed, settings: &PushedRequests) {
    installed.source(PushedSource);
    let (settings, rates) = (*settings, Arc::new(PushRates::default()));
    installed.endpoint(Endpoint {
        path: "/par".into(),
        methods: CALL,
        cors: Cors::ClientOrigins,
        advertise: Box::new(move |metadata, offer| advertise(metadata, offer, settings)),
        answer: Responder::new(move |server, incoming| {
            let rates = rates.clone();
            Box::pin(async move { push(server, incoming, settings, &rates).await })
        }),
    });
}

fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>, settings: PushedRequests) {
    metadata.pushed_authorization_request_endpoint = Some(offer.url.to_owned());
    metadata.require_pushed_authorization_requests = settings.required;
}

async fn push(
    server: &AuthorizationServer,
    incoming: &Incoming,
    settings: PushedRequests,
    rates: &PushRates,
) -> Answer {
    let (answer, client) = match respond(server, incoming, settings, rates).await {
        Ok((answer, client)) => (answer, client),
        Err(error) => (Err(error), None),
    };
    let answer = answer.unwrap_or_else(|error| answer::json_error(&error, Scheme::Basic));
    let answer = sender::with_nonce(server, &incoming.head, answer);
    cors::allow_origin_of(server, answer, client.as_deref(), incoming.headers()).await
}

/// The answer, and the client once it is authenticated.
async fn respond(
    server: &AuthorizationServer,
    incoming: &Incoming,
    settings: PushedRequests,
    rates: &PushRates,
) -> Result<(Result<Answer, Error>, Option<AuthenticatedClient>), Error> {
    let params = incoming.form()?;
    let mut caller = clients::authenticate(server, incoming, &params).await?;
    let proven = sender::of_pushed_request(server, incoming, &mut caller)?;
    let (now, head) = (server.now(), &incoming.head);
    // A resource has no authorization requests.
    let client = caller.client.clone().ok_or(Reason::GrantTypeNotRegistered)?;
    if client.is_public() && !rates.admit(&Origin::of(&head.extensions), now) {
        return Ok((Err(Reason::PushedTooMany.into()), Some(client)));
    }
    let carried = Carried::of(now, head, &caller.remember).by(&caller.id);
    let sent = Parameters::new(Source::Pushed, params.or("client_id", client.id().as_str())).proving(proven);
    let decide = || Box::pin(decide(server, &client, incoming, &sent, settings));
    let answer = settle(server.store(), carried, decide).await.and_then(|response| {
        let mut answer = answer::json(&response)?;
        *answer.status_mut() = StatusCode::CREATED;
        Ok(answer)
    });
    Ok((answer, Some(client)))
}

/// Checks the whole request as the authorization endpoint would (RFC 9126 §2.1), and stores it.
async fn decide(
    server: &AuthorizationServer,
    client: &AuthenticatedClient,
    incoming: &Incoming,
    sent: &Parameters,
    settings: PushedRequests,
) -> Result<Decision<PushedResponse>, Error> {
    if sent.get("request_uri").is_some() {
        return Err(Reason::RequestUriUnexpected.into());
    }
    let found = source::resolve(server, sent).await?;
    let params = found.as_ref().unwrap_or(sent);
    // The client may be named by its credential alone.
    if params.get("client_id").is_some_and(|id| id != client.id().as_str()) {
        return Err(Reason::ClientIdMismatch.into());
    }
    client::look(server, client, params)?;
    let requested = request::validate(server, client, params).await;
    if let Err(Error::Refused(reason)) = requested {
        let resources = server.registry().resources().await?;
        let registered = Registered { client, resources: &resources, grant_types: &[] };
        incoming.head.differs(reason, || parameters::difference(reason, params.params(), &registered));
    }
    requested?;
    let now = server.now();
    let (request_uri, item) = pushed::store(server, client.id(), params, now, settings.lifetime)?;
    let answer = PushedResponse { request_uri, expires_in: settings.lifetime };
    let mut commit = Commit::new(now).with(item);
    if let Some(once) = params.once() {
        commit.push(Change::Once(once.clone()));
    }
    Ok(Decision { commit, answer: Ok(answer) })
}
