//! Ends sessions and grants.

use rusqlite::{Params, params};
use server::store::{Committed, End, Of};

use crate::{error::Broken, transaction::Transaction};

/// Each statement returns a row for each one that it ended, with whether that had not expired.
macro_rules! end {
    ($table:literal, $which:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET ended_at = ?3 WHERE issuer = ?1 AND ",
            $which,
            " AND ended_at IS NULL RETURNING expires_at > ?3"
        )
    };
}

/// Sessions and grants that were decided before this are no longer written.
const MOVE: &str = "INSERT INTO subject (issuer, subject, version) VALUES (?1, ?2, 1) \
    ON CONFLICT DO UPDATE SET version = version + 1";

const SESSION: &str = end!("session", "id = ?2");
const SESSIONS_OF_SUBJECT: &str = end!("session", "subject = ?2");

const GRANT: &str = end!("grant", "id = ?2 AND (offline = 0 OR ?4 = 0)");
const GRANTS_OF_SESSION: &str = end!("grant", "session = ?2 AND (offline = 0 OR ?4 = 0)");
const GRANTS_OF_SUBJECT: &str = end!("grant", "subject = ?2 AND (offline = 0 OR ?4 = 0)");
const GRANTS_OF_CLIENT: &str = end!("grant", "client = ?2 AND (offline = 0 OR ?4 = 0)");

pub(super) fn apply(t: &Transaction<'_>, end: &End, committed: &mut Committed) -> Result<bool, Broken> {
    let (issuer, now, keep_offline) = (t.issuer, t.now.0, end.keep_offline);
    if let Of::Subject(subject) = &end.of {
        t.run(MOVE, params![issuer, subject.as_str()])?;
    }
    committed.sessions += match &end.of {
        _ if !end.sessions => 0,
        Of::Session(id) => count(t, SESSION, params![issuer, id.0, now])?,
        Of::Subject(subject) => count(t, SESSIONS_OF_SUBJECT, params![issuer, subject.as_str(), now])?,
        Of::Grant(_) | Of::Client(_) => 0,
    };
    committed.grants += match &end.of {
        Of::Grant(id) => count(t, GRANT, params![issuer, id.0, now, keep_offline])?,
        Of::Session(id) => count(t, GRANTS_OF_SESSION, params![issuer, id.0, now, keep_offline])?,
        Of::Subject(subject) => {
            count(t, GRANTS_OF_SUBJECT, params![issuer, subject.as_str(), now, keep_offline])?
        }
        Of::Client(client) => {
            count(t, GRANTS_OF_CLIENT, params![issuer, client.as_str(), now, keep_offline])?
        }
    };
    Ok(true)
}

/// Runs the statement, and counts the rows that had not expired.
fn count(t: &Transaction<'_>, sql: &str, values: impl Params) -> Result<u64, Broken> {
    let mut statement = t.connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut lived = 0;
    while let Some(row) = rows.next()? {
        lived += u64::from(row.get::<_, bool>(0)?);
    }
    Ok(lived)
}
