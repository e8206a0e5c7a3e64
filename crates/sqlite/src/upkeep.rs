//! What an operator mends in a database without a server: the issuer that it belongs to, and a time that is ahead.

use protocol::{Issuer, Timestamp};
use rusqlite::{Connection, params};
use server::{Fault, PUBLISHED_BEFORE_SIGNING_SECONDS, store::Committed};

use crate::{
    error::Broken,
    issuer::SqliteIssuer,
    lists::all,
    open::SqliteStore,
    writer::{Outcome, Work},
};

/// The longest that a code or an interaction is valid, in seconds.
const SHORT_LIVED_SECONDS_MAX: i64 = 86_400;
/// Bits of a row id below its milliseconds.
const ID_RANDOM_BITS: u32 = 21;

/// Parameters of the statements below: `?1` issuer, `?2` the present, `?3` the first row id after it, `?4` the latest end
/// of what is short-lived, `?5` when a key that is published now may sign.
const SESSIONS_AHEAD: &str = "SELECT count(*) FROM session WHERE issuer = ?1 AND ended_at IS NULL \
    AND (id >= ?3 OR seen_at > ?2 OR authenticated_at > ?2)";

const GRANTS_AHEAD: &str =
    "SELECT count(*) FROM grant WHERE issuer = ?1 AND ended_at IS NULL AND (id >= ?3 OR approved_at > ?2)";

/// Ends what began ahead of the present, and moves all other times to it. A session that was used ahead ends, since
/// its use has extended it.
const STEPS: [&str; 13] = [
    "DELETE FROM access WHERE issuer = ?1 AND (id >= ?3 OR issued_at > ?2)",
    "DELETE FROM refresh WHERE issuer = ?1 AND (id >= ?3 OR rotated_at > ?2)",
    "DELETE FROM code WHERE issuer = ?1 AND (id >= ?3 OR expires_at > ?4)",
    "DELETE FROM interaction WHERE issuer = ?1 AND (id >= ?3 OR expires_at > ?4)",
    "DELETE FROM grant WHERE issuer = ?1 AND (id >= ?3 OR approved_at > ?2)",
    "DELETE FROM session WHERE issuer = ?1 AND (id >= ?3 OR authenticated_at > ?2)",
    "UPDATE session SET ended_at = min(coalesce(ended_at, ?2), ?2), expires_at = min(expires_at, ?2) \
        WHERE issuer = ?1 AND seen_at > ?2",
    "UPDATE consent SET given_at = ?2 WHERE issuer = ?1 AND given_at > ?2",
    "UPDATE event SET at = ?2 WHERE issuer = ?1 AND at > ?2",
    "UPDATE refusal SET at = ?2 WHERE issuer = ?1 AND at > ?2",
    "UPDATE signing_key SET created_at = min(created_at, ?2), retired_at = min(retired_at, ?2), \
        active_at = min(active_at, CASE state WHEN 'next' THEN ?5 ELSE ?2 END) WHERE issuer = ?1",
    "UPDATE client SET registered_at = min(registered_at, ?2), fresh_until = min(fresh_until, ?2) WHERE issuer = ?1",
    "UPDATE issuer SET newest = ?2, registry = registry + 1 WHERE id = ?1",
];

/// Audiences are separated by single spaces; `?1` issuer, `?2` and `?3` an audience and its new name.
const RENAMED_AUDIENCES: [&str; 2] = [
    "UPDATE grant SET audience = trim(replace(' ' || audience || ' ', ' ' || ?2 || ' ', ' ' || ?3 || ' ')) \
        WHERE issuer = ?1 AND instr(' ' || audience || ' ', ' ' || ?2 || ' ')",
    "UPDATE access SET audience = trim(replace(' ' || audience || ' ', ' ' || ?2 || ' ', ' ' || ?3 || ' ')) \
        WHERE issuer = ?1 AND instr(' ' || audience || ' ', ' ' || ?2 || ' ')",
];

impl SqliteStore {
    /// The issuers that have data in this file, in the order in which they were added.
    ///
    /// # Errors
    /// [`Fault`]
    pub fn issuers(&self) -> Result<Vec<Issuer>, Fault> {
        let read = |connection: &Connection| {
            all(connection, "SELECT url FROM issuer ORDER BY id", [], |columns| {
                Ok(Issuer::new(columns.text()?))
            })
        };
        Ok(self.core().readers.read(read)?)
    }

    /// Gives all data of an issuer to another one, which must have none, and renames these audiences. Returns whether
    /// there was such an issuer.
    ///
    /// # Errors
    /// [`Fault`], also if the other issuer has data already.
    pub fn rename_issuer(
        &self,
        from: &Issuer,
        to: &Issuer,
        audiences: &[(String, String)],
    ) -> Result<bool, Fault> {
        let (from, to, audiences) = (from.to_string(), to.to_string(), audiences.to_vec());
        let job = move |connection: &Connection| {
            let found =
                all(connection, "SELECT id FROM issuer WHERE url = ?1", [&from], |columns| columns.number())?;
            let Some(&id) = found.first() else { return Ok(Outcome::Done(0)) };
            connection.execute(
                "UPDATE issuer SET url = ?2, registry = registry + 1 WHERE id = ?1",
                params![id, to],
            )?;
            for (old, new) in &audiences {
                for sql in RENAMED_AUDIENCES {
                    connection.execute(sql, params![id, old, new])?;
                }
                // The server registers its own resources anew at each start; whatever else has the name stays.
                connection.execute(
                    "UPDATE OR IGNORE resource SET identifier = ?3 WHERE issuer = ?1 AND identifier = ?2",
                    params![id, old, new],
                )?;
            }
            Ok(Outcome::Done(1))
        };
        match self.core().queue.wait(Work::Upkeep(Box::new(job)))? {
            Outcome::Done(renamed) => Ok(renamed == 1),
            Outcome::Committed(_) | Outcome::Conflict(_) => {
                Err(Fault::new("the writer returned no result of a rename"))
            }
        }
    }
}

impl SqliteIssuer {
    /// Makes this the newest time of the store, after commits under a clock that was ahead: what began later ends, and
    /// later times are set to it. Returns how many sessions and grants ended. No server may be running.
    ///
    /// # Errors
    /// [`Fault`]
    pub async fn reset_time(&self, now: Timestamp) -> Result<Committed, Fault> {
        let issuer = self.id();
        let job = move |connection: &Connection| {
            let first_id_ahead = (now + 1).0.saturating_mul(1000).saturating_mul(1 << ID_RANDOM_BITS);
            let signs = (now + PUBLISHED_BEFORE_SIGNING_SECONDS).0;
            let values = [issuer, now.0, first_id_ahead, (now + SHORT_LIVED_SECONDS_MAX).0, signs];
            let count = |sql| -> Result<u64, Broken> {
                let count: i64 =
                    connection.query_row(sql, [values[0], values[1], values[2]], |row| row.get(0))?;
                Ok(count.unsigned_abs())
            };
            let ended = Committed { sessions: count(SESSIONS_AHEAD)?, grants: count(GRANTS_AHEAD)? };
            for sql in STEPS {
                let mut step = connection.prepare(sql)?;
                for (index, value) in values.iter().enumerate().take(step.parameter_count()) {
                    step.raw_bind_parameter(index + 1, value)?;
                }
                step.raw_execute()?;
            }
            Ok(Outcome::Committed(ended))
        };
        match self.have(Work::Upkeep(Box::new(job))).await? {
            Outcome::Committed(ended) => Ok(ended),
            Outcome::Done(_) | Outcome::Conflict(_) => Err(Fault::new("the writer returned no result")),
        }
    }
}
