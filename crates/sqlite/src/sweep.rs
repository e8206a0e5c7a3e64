//! How ended rows go. Hot tables have no index on their end: their keys are time-ordered, so old rows stand in front.
//!
//! A sweep looks at the oldest rows on a connection that only reads, a bounded page at a time, and has the writer
//! delete the range of keys in which it found ended ones. How far it came is kept in memory. Rows that live longer
//! than their neighbors are passed once, and it turns back to them only when the first of them is due, so a million
//! tokens of a year's lifetime cost next to nothing until then. Once a day it begins anew: a row that was passed may
//! have been ended early.

use protocol::Timestamp;
use rusqlite::{Connection, params};
use server::{
    Fault,
    store::{EVENTS_KEPT_SECONDS, KEPT_AFTER_END_SECONDS},
};
use tokio::sync::Mutex;

use crate::{
    SqliteIssuer,
    error::Broken,
    writer::{Outcome, Work},
};

/// Rows that are looked at, or deleted, in one step: a few milliseconds.
const PAGE_ROWS: u32 = 2_048;
/// Living rows of one table that a sweep passes at most.
const PASSED_ROWS_MAX: u32 = 20_000;
/// Seconds after which a table is looked at from its first row again.
const ROUND_SECONDS: i64 = 24 * 3600;
/// Bits of a key behind its milliseconds.
const CHANCE_BITS: u32 = 21;

/// A table whose key is the time-ordered id.
struct Hot {
    /// `?1` exclusive lower and `?2` exclusive upper key, `?3` rows: key, issuer and end of each row.
    look: &'static str,
    /// `?1` issuer, `?2` exclusive lower and `?3` inclusive upper key, `?4` end.
    delete: &'static str,
}

macro_rules! hot {
    ($table:literal, $end:literal) => {
        Hot {
            look: concat!(
                "SELECT id, issuer, ",
                $end,
                " FROM ",
                $table,
                " WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3"
            ),
            delete: concat!(
                "DELETE FROM ",
                $table,
                " WHERE issuer = ?1 AND id > ?2 AND id <= ?3 AND ",
                $end,
                " < ?4"
            ),
        }
    };
}

const HOT: [Hot; 6] = [
    hot!("access", "issued_at + expires_in"),
    hot!("code", "expires_at"),
    hot!("refresh", "expires_at"),
    hot!("interaction", "expires_at"),
    hot!("session", "min(expires_at, coalesce(ended_at, expires_at))"),
    hot!("grant", "min(expires_at, coalesce(ended_at, expires_at))"),
];

/// Statements for tables with an index on the end: `?1` issuer, `?2` end, `?3` rows.
const COLD: [&str; 3] = [
    "DELETE FROM once WHERE issuer = ?1 AND (space, key) IN \
     (SELECT space, key FROM once WHERE issuer = ?1 AND until < ?2 LIMIT ?3)",
    "DELETE FROM item WHERE issuer = ?1 AND (space, key) IN \
     (SELECT space, key FROM item WHERE issuer = ?1 AND until < ?2 LIMIT ?3)",
    "DELETE FROM revoked_jwt WHERE issuer = ?1 AND jti IN \
     (SELECT jti FROM revoked_jwt WHERE issuer = ?1 AND expires_at < ?2 LIMIT ?3)",
];

/// As those, for the oldest events. The newest one stays, since the next cursor counts on from it.
const EVENTS: &str = "DELETE FROM event WHERE issuer = ?1 \
    AND cursor < (SELECT max(cursor) FROM event WHERE issuer = ?1) AND cursor IN (SELECT cursor FROM \
    (SELECT cursor, at FROM event WHERE issuer = ?1 ORDER BY cursor LIMIT ?3) WHERE at < ?2)";

/// Ended rows to be deleted.
pub(crate) enum Range {
    /// Those of a hot table within these keys.
    Keys { sql: &'static str, issuer: i64, after: i64, upto: i64, before: i64 },
    /// So many of another table.
    Due { sql: &'static str, issuer: i64, before: i64, limit: u32 },
}

impl Range {
    /// Deletes them and answers how many they were.
    pub(crate) fn delete(&self, connection: &Connection) -> Result<i64, Broken> {
        let deleted = match *self {
            Self::Keys { sql, issuer, after, upto, before } => {
                connection.prepare_cached(sql)?.execute([issuer, after, upto, before])?
            }
            Self::Due { sql, issuer, before, limit } => {
                connection.prepare_cached(sql)?.execute(params![issuer, before, limit])?
            }
        };
        Ok(deleted as i64)
    }
}

/// How far each hot table has been swept.
#[derive(Default)]
pub(crate) struct Sweeper {
    progress: Mutex<[Progress; HOT.len()]>,
}

#[derive(Clone, Copy)]
struct Progress {
    /// All rows up to this key were looked at.
    upto: i64,
    /// The first end among those of them that still lived, but a day from the beginning at the latest.
    due: i64,
}

impl Progress {
    fn begin(before: i64) -> Self {
        Self { upto: i64::MIN, due: before.saturating_add(ROUND_SECONDS) }
    }
}

/// Long due.
impl Default for Progress {
    fn default() -> Self {
        Self { upto: i64::MIN, due: i64::MIN }
    }
}

/// What one look at a page of a hot table found.
struct Page {
    /// The last key that was looked at, if there was any row.
    upto: Option<i64>,
    /// The first end among the living.
    due: i64,
    ended: u32,
    passed: u32,
}

impl Sweeper {
    pub(crate) async fn sweep(&self, store: &SqliteIssuer, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        let before = (now - KEPT_AFTER_END_SECONDS).0;
        let mut progress = self.progress.lock().await;
        let mut left = limit;
        for (table, progress) in HOT.iter().zip(progress.iter_mut()) {
            left = left.saturating_sub(sweep_hot(store, table, progress, (before, left)).await?);
        }
        for sql in COLD {
            left = left.saturating_sub(sweep_cold(store, sql, (before, left)).await?);
        }
        let before = (now - EVENTS_KEPT_SECONDS).0;
        left = left.saturating_sub(sweep_cold(store, EVENTS, (before, left)).await?);
        Ok(limit - left)
    }
}

async fn sweep_hot(
    store: &SqliteIssuer,
    table: &Hot,
    progress: &mut Progress,
    (before, limit): (i64, u32),
) -> Result<u32, Fault> {
    if progress.due < before {
        *progress = Progress::begin(before);
    }
    // A row that was issued later than this can't have ended before it.
    let newest = before.saturating_mul(1000).saturating_mul(1 << CHANCE_BITS);
    let (mut deleted, mut passed) = (0, 0);
    while deleted < limit && passed < PASSED_ROWS_MAX {
        let most = (limit - deleted).min(PAGE_ROWS);
        let page = look(store, table, (progress.upto, newest), (before, most))?;
        let Some(upto) = page.upto else { break };
        if page.ended > 0 {
            let (sql, issuer, after) = (table.delete, store.id(), progress.upto);
            deleted += delete(store, Range::Keys { sql, issuer, after, upto, before }).await?;
        }
        passed += page.passed;
        *progress = Progress { upto, due: progress.due.min(page.due) };
    }
    Ok(deleted)
}

async fn sweep_cold(
    store: &SqliteIssuer,
    sql: &'static str,
    (before, limit): (i64, u32),
) -> Result<u32, Fault> {
    let mut deleted = 0;
    while deleted < limit {
        let most = (limit - deleted).min(PAGE_ROWS);
        let found = delete(store, Range::Due { sql, issuer: store.id(), before, limit: most }).await?;
        deleted += found;
        if found < most {
            break;
        }
    }
    Ok(deleted)
}

async fn delete(store: &SqliteIssuer, range: Range) -> Result<u32, Fault> {
    match store.have(Work::Sweep(range)).await? {
        Outcome::Done(deleted) => u32::try_from(deleted).map_err(Fault::new),
        Outcome::Committed(_) | Outcome::Conflict(_) => {
            Err(Fault::new("a sweep is answered by how much it deleted"))
        }
    }
}

/// Looks at one page of rows and stops behind the last ended one that may still be deleted.
fn look(
    store: &SqliteIssuer,
    table: &Hot,
    (after, newest): (i64, i64),
    (before, most): (i64, u32),
) -> Result<Page, Fault> {
    store.ask(|connection| {
        let mut page = Page { upto: None, due: i64::MAX, ended: 0, passed: 0 };
        let mut statement = connection.prepare_cached(table.look)?;
        let mut rows = statement.query(params![after, newest, PAGE_ROWS])?;
        while page.ended < most
            && let Some(row) = rows.next()?
        {
            page.upto = Some(row.get(0)?);
            let (issuer, end): (i64, i64) = (row.get(1)?, row.get(2)?);
            if issuer != store.id() {
                page.passed += 1;
            } else if end < before {
                page.ended += 1;
            } else {
                page.passed += 1;
                page.due = page.due.min(end);
            }
        }
        Ok(page)
    })
}
