//! Writes the outbox.

use rusqlite::params;
use server::store::{Actor, Event};

use crate::{error::Broken, transaction::Transaction};

/// SQLite has one writer at a time, so cursors increase in the order of commits and no reader misses one.
const ADD: &str = "INSERT INTO event (issuer, cursor, kind, at, subject, client, detail, actor, request_id, why, peer) \
    VALUES (?1, 1 + coalesce((SELECT max(cursor) FROM event WHERE issuer = ?1), 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

pub(super) fn add(t: &Transaction<'_>, event: &Event) -> Result<(), Broken> {
    let values = params![
        t.issuer,
        event.kind.as_str(),
        event.at.0,
        event.subject.as_ref().map(|subject| subject.as_str()),
        event.client.as_ref().map(|client| client.as_str()),
        event.detail,
        event.actor.as_ref().map(Actor::to_text),
        event.request_id,
        event.why,
        event.peer.map(|peer| peer.to_string()),
    ];
    t.run(ADD, values)?;
    Ok(())
}
