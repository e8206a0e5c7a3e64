//! Writes requests that their user answers elsewhere.

use protocol::{DeferredCode, Handle};
use rusqlite::params;
use server::store::{Deferred, DeferredChange, DeferredState, Whose};

use crate::{error::Broken, rows::spaced, transaction::Transaction};

/// The index on user codes refuses one that is taken.
const ADD: &str = "INSERT INTO deferred (id, issuer, digest, user_code, subject, client, scopes, audience, narrowed, \
    facts, asked_at, expires_at, answered_at, grant_id, used_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING";

const ANSWER: &str = "UPDATE deferred SET answered_at = ?3, grant_id = ?4 \
    WHERE id = ?1 AND issuer = ?2 AND answered_at IS NULL AND ?3 < expires_at";

const USE: &str = "UPDATE deferred SET used_at = ?4 WHERE id = ?1 AND issuer = ?2 AND digest = ?3 \
    AND grant_id IS NOT NULL AND used_at IS NULL";

pub(super) fn apply(t: &Transaction<'_>, change: &DeferredChange) -> Result<bool, Broken> {
    match change {
        DeferredChange::Add(handle, row) => add(t, handle, row),
        DeferredChange::Approve(id, grant) => {
            t.guarded(ANSWER, params![id.0, t.issuer, t.now.0, Some(grant.0)])
        }
        DeferredChange::Deny(id) => t.guarded(ANSWER, params![id.0, t.issuer, t.now.0, None::<i64>]),
        DeferredChange::Use(handle) => {
            t.guarded(USE, params![handle.id, t.issuer, handle.digest.as_bytes(), t.now.0])
        }
    }
}

fn add(t: &Transaction<'_>, handle: &Handle<DeferredCode>, row: &Deferred) -> Result<bool, Broken> {
    let (user_code, subject) = match &row.whose {
        Whose::Typed(code) => (Some(code.as_str()), None),
        Whose::Subject(subject) => (None, Some(subject.as_str())),
    };
    let now = Some(t.now.0);
    let (answered_at, grant, used_at) = match row.state {
        DeferredState::Waiting => (None, None, None),
        DeferredState::Denied => (now, None, None),
        DeferredState::Approved(grant) => (now, Some(grant.0), None),
        DeferredState::Used(grant) => (now, Some(grant.0), now),
    };
    let values = params![
        handle.id,
        t.issuer,
        handle.digest.as_bytes(),
        user_code,
        subject,
        row.client.as_str(),
        row.scopes.as_str(),
        spaced(&row.audience),
        row.narrowed,
        row.facts,
        row.asked_at.0,
        row.expires_at.0,
        answered_at,
        grant,
        used_at,
    ];
    t.guarded(ADD, values)
}
