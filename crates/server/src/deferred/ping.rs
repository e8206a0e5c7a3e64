//! Tells clients in ping mode that a user answered (CIBA Core 1.0 §10.2).
//!
//! The outbox says which requests were answered, so that a ping survives a restart: a step of housekeeping reads it from the
//! cursor that it stored, and moves that on once a ping was delivered, or its request expired. Each ping is delivered at least
//! once; a client that misses it may poll.

use bytes::Bytes;
use fetching::FetchLimits;
use http::{Method, Request, header};
use protocol::{DeferredCode, DeferredId, Digest, Handle};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::facts::StoredFacts;
use crate::{
    AuthorizationServer,
    error::Fault,
    registry::RegisteredClient,
    store::{Commit, DeferredState, Event, EventKind, Item},
};

/// The namespace of the cursor, and of the pings that were delivered before an earlier one.
const SPACE: &str = "ciba ping";
/// The key of the cursor.
const CURSOR: &str = "cursor";
/// Seconds for which the cursor is kept without being moved: longer than events are kept.
const CURSOR_KEPT_SECONDS: i64 = 60 * 86_400;
/// Events that are read in one step.
const EVENTS_PER_STEP: u32 = 100;

/// What a ping needs, encrypted under the master key for its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredPing {
    /// The bearer token of the client, and the `auth_req_id`, separated by a space.
    sealed: String,
}

impl StoredPing {
    /// Seals the token of the client for this request.
    pub(crate) fn seal(server: &AuthorizationServer, secret: &DeferredCode, token: &str) -> Self {
        let plain = format!("{token} {}", secret.expose());
        let sealed = server.master().seal(&purpose(secret.handle().id), plain.as_bytes());
        Self { sealed: jose::base64url::encode(&sealed) }
    }

    fn open(&self, server: &AuthorizationServer, id: DeferredId) -> Option<(String, String)> {
        let sealed = jose::base64url::decode(&self.sealed).ok()?;
        let plain = server.master().open(&purpose(id.0), &sealed)?;
        let (token, auth_req_id) = std::str::from_utf8(&plain).ok()?.split_once(' ')?;
        Some((token.to_owned(), auth_req_id.to_owned()))
    }
}

/// The purpose of the encryption: it can't be moved to another request.
fn purpose(id: i64) -> String {
    format!("ping of request {id}")
}

/// One bounded step: delivers the pings that are due, and moves the cursor beyond those that are done. No row is deleted.
pub(crate) async fn step(server: &AuthorizationServer, _: u32) -> Result<u32, Fault> {
    let stored = server.store().item(SPACE, CURSOR).await?.map(|(value, _)| value);
    let text = stored.as_deref().and_then(|value| std::str::from_utf8(value).ok());
    let from: i64 = match text.and_then(|text| text.parse().ok()) {
        Some(cursor) => cursor,
        // What was answered before pings were served is nobody's to tell.
        None => return move_cursor(server, stored, server.store().latest_event().await?).await,
    };
    let (mut upto, mut is_held) = (from, false);
    for (cursor, event) in server.store().events(from, EVENTS_PER_STEP).await? {
        is_held |= !deliver(server, &event).await?;
        if !is_held {
            upto = cursor;
        }
    }
    if upto == from { Ok(0) } else { move_cursor(server, stored, upto).await }
}

/// A concurrent step of another process moved it as well: then the next one looks again.
async fn move_cursor(server: &AuthorizationServer, expect: Option<Vec<u8>>, to: i64) -> Result<u32, Fault> {
    let now = server.now();
    let item = Item {
        space: SPACE.into(),
        key: CURSOR.into(),
        value: Some(to.to_string().into_bytes()),
        expect,
        until: now + CURSOR_KEPT_SECONDS,
    };
    // A conflict is not an error here.
    let _ = server.store().commit(Commit::new(now).with(item)).await?;
    Ok(0)
}

/// Whether nothing is left to do for this event.
async fn deliver(server: &AuthorizationServer, event: &Event) -> Result<bool, Fault> {
    if event.kind != EventKind::RequestAnswered {
        return Ok(true);
    }
    let Some(id) = DeferredId::parse(&event.detail) else { return Ok(true) };
    let handle = Handle { id: id.0, digest: Digest::stored([0; 32]) };
    let Some(stored) = server.store().deferred(handle).await? else { return Ok(true) };
    let (_, read) = stored.into_parts();
    let now = server.now();
    let is_over = read.row.expires_at <= now || matches!(read.row.state, DeferredState::Used(_));
    let facts: StoredFacts = serde_json::from_str(&read.row.facts).map_err(Fault::new)?;
    let client = server.registry().client(read.row.client.as_str()).await?;
    let client = client.filter(|client| !client.caller.disabled);
    let known = facts.ping.and_then(|ping| ping.open(server, id));
    let (Some(client), Some((token, auth_req_id)), false) = (client, known, is_over) else {
        server.deferred().pauses.forget(id);
        return Ok(true);
    };
    let sent = server.store().item(SPACE, &id.to_string()).await?;
    if sent.is_some() {
        return Ok(true);
    }
    if !server.deferred().pauses.is_due(id, now) {
        return Ok(false);
    }
    if !post(server, &client, &token, &auth_req_id).await {
        server.deferred().pauses.failed(id, now);
        return Ok(false);
    }
    server.deferred().pauses.forget(id);
    let item = Item {
        space: SPACE.into(),
        key: id.to_string().into(),
        value: Some(Vec::new()),
        expect: None,
        until: read.row.expires_at,
    };
    let _ = server.store().commit(Commit::new(now).with(item)).await?;
    Ok(true)
}

/// §10.2: the id in JSON, and the token of the client as a bearer token. Any 2xx is an answer.
async fn post(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    token: &str,
    auth_req_id: &str,
) -> bool {
    let Some(endpoint) = client.metadata.backchannel_client_notification_endpoint.as_deref() else {
        return true;
    };
    let body = Bytes::from(json!({ "auth_req_id": auth_req_id }).to_string());
    let request = Request::builder()
        .method(Method::POST)
        .uri(endpoint)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(body);
    let Ok(request) = request else { return false };
    let (named_by, port) = server.fetch_for(client);
    if let Err(error) = named_by.check(endpoint) {
        tracing::warn!(endpoint, %error, "a client registered an address that is not pinged");
        return false;
    }
    match port.fetch(request, FetchLimits::default()).await {
        Ok(answer) if answer.status().is_success() => true,
        Ok(answer) => {
            tracing::warn!(endpoint, status = answer.status().as_u16(), "a client refused a ping");
            false
        }
        Err(error) => {
            tracing::warn!(endpoint, %error, "a ping could not be delivered");
            false
        }
    }
}
