//! The schema migrations. A released migration is never edited: a change is a new one.

use rusqlite::{Connection, TransactionBehavior};

use crate::{open_error::OpenError, usernames};

/// Marks a file as a database of passavant (`PRAGMA application_id`, the ASCII letters `PSVT`).
const APPLICATION_ID: i64 = 0x5053_5654;

/// The migrations in order. `PRAGMA user_version` is the number of those that were applied to a file.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_subjects_and_actors.sql"),
    include_str!("../migrations/0003_key_dates.sql"),
    include_str!("../migrations/0004_refusals_and_peers.sql"),
    include_str!("../migrations/0005_deferred.sql"),
    include_str!("../migrations/0006_confirmations.sql"),
    include_str!("../migrations/0007_registered_clients.sql"),
    include_str!("../migrations/0008_details.sql"),
    include_str!("../migrations/0009_actors.sql"),
    include_str!("../migrations/0010_grants_of_ended_sessions.sql"),
];

/// The step after which usernames are compared in another spelling.
const RESPELLED: usize = 3;

/// The schema version that this version reads and writes.
pub(crate) const KNOWN: i64 = STEPS.len() as i64;

/// Applies the missing migrations in one transaction, which also records them.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    if version(connection)? >= KNOWN {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated meanwhile, so the version is read again under the write lock.
    let taken = usize::try_from(version(&transaction)?).unwrap_or(STEPS.len());
    let missing = STEPS.get(taken..).unwrap_or_default();
    for step in missing {
        transaction.execute_batch(step)?;
    }
    if taken < RESPELLED {
        usernames::respell(&transaction)?;
    }
    if !missing.is_empty() {
        transaction.pragma_update(None, "user_version", KNOWN)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Refuses a file whose schema is not the current one.
pub(crate) fn check(connection: &Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    if found < KNOWN {
        return Err(OpenError::Older { found, known: KNOWN });
    }
    Ok(())
}

/// The number of applied migrations. Refuses files of other programs and of newer versions.
fn version(connection: &Connection) -> Result<i64, OpenError> {
    let ask = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let found = ask("user_version")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let ours = ask("application_id")? == APPLICATION_ID;
    if !ours && (tables > 0 || found != 0) {
        return Err(OpenError::Foreign);
    }
    if found > KNOWN {
        return Err(OpenError::Newer { found, known: KNOWN });
    }
    Ok(found)
}
