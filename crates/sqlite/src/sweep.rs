//! How ended rows go. Hot tables have no index on their end: their keys are time-ordered, so old rows stand in front.
//!
//! A sweep looks at the oldest rows on a connection that only reads, a bounded page at a time, and has the writer
//! delete the range of keys in which it found ended ones. How far it came is kept in memory. Rows that live longer
//! than their neighbors are passed once, and it turns back to them only when the first of them is due, so a million
//! tokens of a year's lifetime cost next to nothing until then. Once a day it begins anew: a row that was passed may
//! have been ended early.

use protocol::Timestamp;
use rusqlite::params;
use server::{
    Fault,
    store::{EVENTS_KEPT_SECONDS, KEPT_AFTER_END_SECONDS},
};
use tokio::sync::Mutex;

use crate::{
    range::Range,
    shared::Core,
    writer::{Outcome, Work},
};

/// Rows that are looked at, or deleted, in one step: a few milliseconds.
const PAGE_ROWS: u32 = 2_048;
/// Living rows of one table that a sweep passes at most.
const PASSED_ROWS_MAX: u32 = 20_000;
/// Seconds after which a table is looked at from its first row again.
const ROUND_SECONDS: i64 = 24 * 3600;
/// Bits of a key behind its milliseconds.
const RANDOM_BITS: u32 = 21;

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
    pub(crate) async fn sweep(
        &self,
        core: &Core,
        issuer: i64,
        now: Timestamp,
        limit: u32,
    ) -> Result<u32, Fault> {
        let sweep = Sweep { core, issuer, before: (now - KEPT_AFTER_END_SECONDS).0 };
        let mut progress = self.progress.lock().await;
        let mut left = limit;
        for (table, progress) in HOT.iter().zip(progress.iter_mut()) {
            left = left.saturating_sub(sweep.hot(table, progress, left).await?);
        }
        for sql in COLD {
            left = left.saturating_sub(sweep.cold(sql, left).await?);
        }
        let events = Sweep { before: (now - EVENTS_KEPT_SECONDS).0, ..sweep };
        left = left.saturating_sub(events.cold(EVENTS, left).await?);
        Ok(limit - left)
    }
}

/// One sweep of the rows of one issuer that ended before this.
#[derive(Clone, Copy)]
struct Sweep<'a> {
    core: &'a Core,
    issuer: i64,
    before: i64,
}

impl Sweep<'_> {
    async fn hot(self, table: &Hot, progress: &mut Progress, limit: u32) -> Result<u32, Fault> {
        if progress.due < self.before {
            *progress = Progress::begin(self.before);
        }
        let (mut deleted, mut passed) = (0, 0);
        while deleted < limit && passed < PASSED_ROWS_MAX {
            let most = (limit - deleted).min(PAGE_ROWS);
            let page = self.look(table, progress.upto, most)?;
            let Some(upto) = page.upto else { break };
            if page.ended > 0 {
                let (sql, issuer, after, before) = (table.delete, self.issuer, progress.upto, self.before);
                deleted += self.delete(Range::Keys { sql, issuer, after, upto, before }).await?;
            }
            passed += page.passed;
            *progress = Progress { upto, due: progress.due.min(page.due) };
        }
        Ok(deleted)
    }

    async fn cold(self, sql: &'static str, limit: u32) -> Result<u32, Fault> {
        let (issuer, before) = (self.issuer, self.before);
        let mut deleted = 0;
        while deleted < limit {
            let most = (limit - deleted).min(PAGE_ROWS);
            let found = self.delete(Range::Due { sql, issuer, before, limit: most }).await?;
            deleted += found;
            if found < most {
                break;
            }
        }
        Ok(deleted)
    }

    async fn delete(self, range: Range) -> Result<u32, Fault> {
        match self.core.queue.ask(Work::Sweep(range)).await? {
            Outcome::Done(deleted) => u32::try_from(deleted).map_err(Fault::new),
            Outcome::Committed(_) | Outcome::Conflict(_) => {
                Err(Fault::new("a sweep is answered by how much it deleted"))
            }
        }
    }

    /// Looks at one page of rows and stops behind the last ended one that may still be deleted.
    fn look(self, table: &Hot, after: i64, most: u32) -> Result<Page, Fault> {
        // A row that was issued later than this can't have ended before it.
        let newest = self.before.saturating_mul(1000).saturating_mul(1 << RANDOM_BITS);
        let read = self.core.readers.read(|connection| {
            let mut page = Page { upto: None, due: i64::MAX, ended: 0, passed: 0 };
            let mut statement = connection.prepare_cached(table.look)?;
            let mut rows = statement.query(params![after, newest, PAGE_ROWS])?;
            while page.ended < most
                && let Some(row) = rows.next()?
            {
                page.upto = Some(row.get(0)?);
                let (issuer, end): (i64, i64) = (row.get(1)?, row.get(2)?);
                if issuer != self.issuer {
                    page.passed += 1;
                } else if end < self.before {
                    page.ended += 1;
                } else {
                    page.passed += 1;
                    page.due = page.due.min(end);
                }
            }
            Ok(page)
        });
        read.map_err(Fault::from)
    }
}
