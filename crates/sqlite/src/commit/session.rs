//! Writes sessions.

use protocol::{Handle, SessionToken};
use rusqlite::params;
use server::store::{Session, SessionChange};

use crate::{error::Broken, transaction::Transaction};

const ADD: &str = "INSERT INTO session (id, issuer, digest, expires_at, subject, authenticated_at, amr, seen_at) \
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 \
    WHERE coalesce((SELECT version FROM subject WHERE issuer = ?2 AND subject = ?5), 0) = ?9 \
    ON CONFLICT DO NOTHING";

/// The values are those of [`ADD`].
const RENEW: &str = "UPDATE session SET digest = ?3, expires_at = ?4, authenticated_at = ?6, amr = ?7, seen_at = ?8 \
    WHERE id = ?1 AND issuer = ?2 AND subject = ?5 AND ended_at IS NULL \
    AND coalesce((SELECT version FROM subject WHERE issuer = ?2 AND subject = ?5), 0) = ?9";

const TOUCH: &str = "UPDATE session SET seen_at = max(seen_at, ?3) WHERE id = ?1 AND issuer = ?2";

pub(super) fn apply(t: &Transaction<'_>, change: &SessionChange) -> Result<bool, Broken> {
    match change {
        SessionChange::Add(handle, session, version) => write(t, ADD, handle, session, *version),
        SessionChange::Renew(handle, session, version) => write(t, RENEW, handle, session, *version),
        SessionChange::Touch(id, at) => t.unguarded(TOUCH, [id.0, t.issuer, at.0]),
    }
}

fn write(
    t: &Transaction<'_>,
    sql: &str,
    handle: &Handle<SessionToken>,
    session: &Session,
    version: i64,
) -> Result<bool, Broken> {
    let values = params![
        handle.id,
        t.issuer,
        handle.digest.as_bytes(),
        session.expires_at.0,
        session.subject.as_str(),
        session.authenticated_at.0,
        session.amr,
        session.seen_at.0,
        version,
    ];
    t.guarded(sql, values)
}
