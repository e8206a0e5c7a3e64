//! Deletes ended rows. Hot tables have no index on their end: their keys are time-ordered, so old rows come first.
//!
//! A sweep reads the oldest rows on a read-only connection, a bounded page at a time, and lets the writer delete the
//! range of keys in which it found ended rows. Its position is kept in memory. Rows that live longer than their
//! neighbors are passed, and the sweep returns to them only when the first of them has ended, so a million tokens
//! with a lifetime of a year cost next to nothing until then. Once a day it starts from the beginning: a row that was
//! passed may have been ended early.
//!
//! Each table has its share of a step, and what is left goes to those that have more to delete: a server that issues
//! thousands of tokens a second must not keep its codes and sessions for ever.

use protocol::Timestamp;
use rusqlite::params;
use server::{
    Fault,
    store::{
        EVENTS_KEPT_SECONDS, INTERACTION_KEPT_AFTER_END_SECONDS, KEPT_AFTER_END_SECONDS,
        REFUSALS_KEPT_SECONDS,
    },
};
use tokio::sync::Mutex;

use crate::{
    range::Range,
    shared::Core,
    writer::{Outcome, Work},
};

/// Rows that are read, or deleted, in one step, which takes a few milliseconds.
const PAGE_ROWS: u32 = 2_048;
/// Maximum number of live rows of one table that a sweep passes.
const PASSED_ROWS_MAX: u32 = 20_000;
/// Seconds after which a table is read from its first row again.
const ROUND_SECONDS: i64 = 24 * 3600;
/// Bits of a key after its milliseconds.
const RANDOM_BITS: u32 = 21;

/// A table whose key is the time-ordered id.
struct Hot {
    /// `?1` exclusive lower and `?2` exclusive upper key, `?3` rows: key, issuer and end of each row.
    look: &'static str,
    /// `?1` issuer, `?2` exclusive lower and `?3` inclusive upper key, `?4` end.
    delete: &'static str,
    /// Seconds for which a row is kept after its end.
    kept: i64,
}

macro_rules! hot {
    ($table:literal, $end:literal) => {
        hot!($table, $end, KEPT_AFTER_END_SECONDS)
    };
    ($table:literal, $end:literal, $kept:expr) => {
        Hot {
            kept: $kept,
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

const HOT: [Hot; 7] = [
    hot!("access", "issued_at + expires_in"),
    hot!("code", "expires_at"),
    hot!("deferred", "expires_at"),
    hot!("refresh", "expires_at"),
    hot!("interaction", "expires_at", INTERACTION_KEPT_AFTER_END_SECONDS),
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

/// The same for the oldest events. The newest event is kept, since the next cursor continues from it.
const EVENTS: &str = "DELETE FROM event WHERE issuer = ?1 \
    AND cursor < (SELECT max(cursor) FROM event WHERE issuer = ?1) AND cursor IN (SELECT cursor FROM \
    (SELECT cursor, at FROM event WHERE issuer = ?1 ORDER BY cursor LIMIT ?3) WHERE at < ?2)";

/// The same for the oldest refused requests.
const REFUSALS: &str = "DELETE FROM refusal WHERE issuer = ?1 AND number IN (SELECT number FROM \
    (SELECT number, at FROM refusal WHERE issuer = ?1 ORDER BY number LIMIT ?3) WHERE at < ?2)";

/// Number of tables that share a step.
const TABLES: u32 = (HOT.len() + COLD.len() + 2) as u32;

/// The position of the sweep in each hot table.
#[derive(Default)]
pub(crate) struct Sweeper {
    progress: Mutex<[Progress; HOT.len()]>,
}

#[derive(Clone, Copy)]
struct Progress {
    /// All rows up to this key were read.
    upto: i64,
    /// The first end among the live rows up to the key, and at most a day after the start from the beginning.
    due: i64,
}

impl Progress {
    fn begin(before: i64) -> Self {
        Self { upto: i64::MIN, due: before.saturating_add(ROUND_SECONDS) }
    }
}

/// Due immediately.
impl Default for Progress {
    fn default() -> Self {
        Self { upto: i64::MIN, due: i64::MIN }
    }
}

/// The result of reading a page of a hot table.
struct Page {
    /// The last key that was read, if there was any row.
    upto: Option<i64>,
    /// The first end among the live rows.
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
        let events = Sweep { before: (now - EVENTS_KEPT_SECONDS).0, ..sweep };
        let refusals = Sweep { before: (now - REFUSALS_KEPT_SECONDS).0, ..sweep };
        let mut progress = self.progress.lock().await;
        let mut left = limit;
        let share = limit.div_ceil(TABLES);
        // A table that used its whole share may have more: it is asked again for what the others left.
        let mut hot_left: Vec<usize> = (0..HOT.len()).collect();
        let mut cold_left: Vec<(Sweep<'_>, &str)> = COLD.map(|sql| (sweep, sql)).to_vec();
        cold_left.push((events, EVENTS));
        cold_left.push((refusals, REFUSALS));
        for is_shared in [true, false] {
            let most = |left: u32| if is_shared { share.min(left) } else { left };
            let (hot, cold) = (std::mem::take(&mut hot_left), std::mem::take(&mut cold_left));
            for at in hot {
                let most = most(left);
                let sweep = Sweep { before: (now - HOT[at].kept).0, ..sweep };
                let deleted = sweep.hot(&HOT[at], &mut progress[at], most).await?;
                left = left.saturating_sub(deleted);
                hot_left.extend((deleted >= most).then_some(at));
            }
            for (sweep, sql) in cold {
                let most = most(left);
                let deleted = sweep.cold(sql, most).await?;
                left = left.saturating_sub(deleted);
                cold_left.extend((deleted >= most).then_some((sweep, sql)));
            }
        }
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
                Err(Fault::new("the writer returned no result of a sweep"))
            }
        }
    }

    /// Reads one page of rows, and stops after the last ended one that may be deleted.
    fn look(self, table: &Hot, after: i64, most: u32) -> Result<Page, Fault> {
        // A row that was issued after this time can't have ended before it.
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
