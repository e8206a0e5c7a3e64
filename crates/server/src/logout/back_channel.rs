//! Telling the clients of a session from server to server that it ended (OpenID Connect Back-Channel Logout 1.0).
//!
//! The outbox of events is the queue: whatever ends a session appends its event in the same commit. One stored value holds
//! how far it was read and what is still to be delivered, so both survive a restart. A delivery is repeated until the
//! client answers, at most [`DELAYS`] times.

use bytes::Bytes;
use fetching::FetchLimits;
use futures_util::future::join_all;
use http::{Request, header};
use jose::SignatureAlgorithm;
use protocol::{ClientId, SessionId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    context::BoxFuture,
    error::{Error, Fault},
    pairwise,
    registry::RegisteredClient,
    store::{Commit, Event, EventKind, Item, Of},
    tokens::recipient::{Encryption, Recipient, not_served, sign_for},
};

/// The media type of a logout token, without `application/` (Back-Channel Logout 1.0 §2.4).
const TYPE: &str = "logout+jwt";
/// The only event of a logout token (Back-Channel Logout 1.0 §2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Seconds until a logout token expires (Back-Channel Logout 1.0 §2.4: "preferably at most two minutes in the future").
const LIFETIME: i64 = 120;
/// Seconds after each failed delivery until the next; after the last, the client is given up.
const DELAYS: [i64; 6] = [5, 30, 120, 600, 1_800, 7_200];
/// Time until a client must have answered, in milliseconds: a sign-out waits for the first delivery.
const DEADLINE_MILLIS: u64 = 2_000;
/// Most bytes of an answer, which says nothing.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// Most deliveries of one step.
const DELIVERIES_MAX: usize = 16;
/// Most events that one step reads.
const EVENTS_MAX: u32 = 200;
/// Most deliveries that wait; further ones are given up.
const PENDING_MAX: usize = 1_000;
/// Where the state is stored, and how long it is kept without a step.
const SPACE: &str = "back-channel logout";
const KEY: &str = "state";
const KEPT_SECONDS: i64 = 400 * 86_400;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    /// The last event that was read.
    cursor: i64,
    pending: Vec<Delivery>,
}

/// A client that is to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Delivery {
    client: ClientId,
    subject: Subject,
    /// `None`: every session of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    failures: usize,
    due: Timestamp,
}

/// The claims of a logout token (Back-Channel Logout 1.0 §2.4). There is never a `nonce`.
#[derive(Serialize)]
struct LogoutToken<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    events: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

/// Delivers at once what a sign-out just queued, as far as it can. What fails is repeated by [`step`].
pub(crate) async fn deliver(server: &AuthorizationServer) {
    if let Err(error) = step(server, 0).await {
        tracing::warn!(%error, "logout tokens are delivered later");
    }
}

/// One bounded step: reads new events, and tries what is due.
pub(crate) fn step(server: &AuthorizationServer, _: u32) -> BoxFuture<'_, Result<u32, Fault>> {
    Box::pin(async move {
        let now = server.now();
        let stored = server.store().item(SPACE, KEY).await?.map(|(value, _)| value);
        let mut state = match &stored {
            Some(value) => serde_json::from_slice(value).map_err(Fault::new)?,
            None => State { cursor: 0, pending: Vec::new() },
        };
        let before = state.clone();
        for (cursor, event) in server.store().events(state.cursor, EVENTS_MAX).await? {
            state.cursor = cursor;
            enqueue(server, &event, &mut state.pending).await?;
        }
        let is_due = |delivery: &Delivery| delivery.due <= now;
        if stored.is_some() && state == before && !state.pending.iter().any(is_due) {
            return Ok(0);
        }
        // Only one process delivers: the others conflict here, before anything is sent.
        let due: Vec<Delivery> =
            state.pending.iter().filter(|one| is_due(one)).take(DELIVERIES_MAX).cloned().collect();
        for delivery in state.pending.iter_mut().filter(|one| due.contains(one)) {
            fail(delivery, now);
        }
        let claimed = write(server, now, stored, &state).await?;
        let Some(claimed) = claimed.filter(|_| !due.is_empty()) else { return Ok(0) };
        let told = join_all(due.iter().map(|delivery| send(server, delivery))).await;
        let answered: Vec<_> = due.iter().zip(told).filter(|(_, told)| *told).map(|(one, _)| one).collect();
        let is_same = |a: &Delivery, b: &Delivery| {
            (&a.client, &a.subject, &a.session) == (&b.client, &b.subject, &b.session)
        };
        state
            .pending
            .retain(|one| one.failures < DELAYS.len() && !answered.iter().any(|done| is_same(one, done)));
        write(server, now, Some(claimed), &state).await?;
        Ok(0)
    })
}

/// It counts as failed until the client has answered: a process may end meanwhile.
fn fail(delivery: &mut Delivery, now: Timestamp) {
    delivery.due = now + DELAYS.get(delivery.failures).copied().unwrap_or_default();
    delivery.failures += 1;
}

/// Replaces the state; `None` if another process did so meanwhile.
async fn write(
    server: &AuthorizationServer,
    now: Timestamp,
    expect: Option<Vec<u8>>,
    state: &State,
) -> Result<Option<Vec<u8>>, Fault> {
    let value = serde_json::to_vec(state).map_err(Fault::new)?;
    let item = Item {
        space: SPACE.into(),
        key: KEY.into(),
        value: Some(value.clone()),
        expect,
        until: now + KEPT_SECONDS,
    };
    let verdict = server.store().commit(Commit::new(now).with(item)).await?;
    Ok(verdict.is_ok().then_some(value))
}

/// Queues the clients of a session that ended.
async fn enqueue(
    server: &AuthorizationServer,
    event: &Event,
    pending: &mut Vec<Delivery>,
) -> Result<(), Fault> {
    let (EventKind::SessionEnded, Some(subject)) = (event.kind, &event.subject) else { return Ok(()) };
    let session = (!event.detail.is_empty()).then(|| event.detail.to_string());
    let of = match session.as_deref().map(SessionId::parse) {
        None => Of::Subject(subject.clone()),
        Some(Some(session)) => Of::Session(session),
        Some(None) => return Ok(()),
    };
    for client in server.store().clients_of(&of).await? {
        let registered = server.registry().client(client.as_str()).await?;
        let is_told = registered.is_some_and(|client| client.metadata.backchannel_logout_uri.is_some());
        if is_told && pending.len() < PENDING_MAX {
            let (subject, session) = (subject.clone(), session.clone());
            pending.push(Delivery { client, subject, session, failures: 0, due: event.at });
        }
    }
    Ok(())
}

/// Whether the client answered, or is not to be told any more.
async fn send(server: &AuthorizationServer, delivery: &Delivery) -> bool {
    match post(server, delivery).await {
        Ok(()) => true,
        Err(problem) => {
            tracing::warn!(client = %delivery.client, problem, "a client was not told of a sign-out");
            delivery.failures + 1 >= DELAYS.len()
        }
    }
}

/// Back-Channel Logout 1.0 §2.5, §2.8: a form with the token, answered by 200, or 204.
async fn post(server: &AuthorizationServer, delivery: &Delivery) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    let client =
        server.registry().client(delivery.client.as_str()).await.map_err(|fault| fault.to_string())?;
    let Some(client) = client else { return Ok(()) };
    let Some(url) = client.metadata.backchannel_logout_uri.clone() else { return Ok(()) };
    let token = token(server, &client, delivery).await.map_err(text)?;
    let (named_by, port) = server.fetch_for(&client);
    named_by.check(&url).map_err(|error| error.to_string())?;
    let request = Request::post(&url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(format!("logout_token={token}")))
        .map_err(|error| error.to_string())?;
    let deadline = std::time::Duration::from_millis(DEADLINE_MILLIS);
    let limits = FetchLimits { deadline, bytes_max: ANSWER_BYTES_MAX };
    let answer = port.fetch(request, limits).await.map_err(|error| error.to_string())?;
    match answer.status().as_u16() {
        200 | 204 => Ok(()),
        status => Err(format!("it answered with status {status}")),
    }
}

/// Signed, and encrypted, as the ID tokens of the client (Back-Channel Logout 1.0 §2.4).
async fn token(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    delivery: &Delivery,
) -> Result<String, Error> {
    let (now, metadata) = (server.now().0, &client.metadata);
    let algorithm = match metadata.id_token_signed_response_alg.as_deref() {
        Some(name) => SignatureAlgorithm::parse(name).ok_or_else(|| not_served(client.id(), name))?,
        None => SignatureAlgorithm::Rs256,
    };
    let claims = LogoutToken {
        iss: server.settings().issuer.as_str(),
        sub: pairwise::told(server.master(), client, &delivery.subject),
        aud: client.id().as_str(),
        iat: now,
        exp: now + LIFETIME,
        jti: server.draw_id(),
        events: serde_json::json!({ EVENT: {} }),
        sid: delivery.session.as_deref(),
    };
    let payload = serde_json::to_vec(&claims).map_err(Fault::new)?;
    let signed = sign_for(server, client, algorithm, TYPE, &payload).await?;
    let alg = metadata.id_token_encrypted_response_alg.as_deref();
    match Encryption::registered(alg, metadata.id_token_encrypted_response_enc.as_deref()) {
        None => Ok(signed),
        Some(registered) => Recipient::client(client).encrypt_jwt(server, registered, &signed).await,
    }
}
