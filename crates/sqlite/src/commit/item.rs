//! Writes the values of extension grants: compare-and-set.

use rusqlite::params;
use server::store::Item;

use crate::{error::Broken, transaction::Transaction};

// An item is valid up to and including the second `until`.

const ADD: &str = "INSERT INTO item (issuer, space, key, value, until) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (issuer, space, key) DO UPDATE SET value = excluded.value, until = excluded.until \
    WHERE item.until < ?6";

const REPLACE: &str = "UPDATE item SET value = ?4, until = ?5 \
    WHERE issuer = ?1 AND space = ?2 AND key = ?3 AND until >= ?6 AND value = ?7";

const DELETE: &str = "DELETE FROM item \
    WHERE issuer = ?1 AND space = ?2 AND key = ?3 AND until >= ?4 AND value = ?5";

const IS_ABSENT: &str = "SELECT 1 WHERE NOT EXISTS \
    (SELECT 1 FROM item WHERE issuer = ?1 AND space = ?2 AND key = ?3 AND until >= ?4)";

pub(super) fn apply(t: &Transaction<'_>, item: &Item) -> Result<bool, Broken> {
    let (space, key, until, now) = (&item.space, &item.key, item.until.0, t.now.0);
    match (&item.expect, &item.value) {
        (None, Some(value)) => t.guarded(ADD, params![t.issuer, space, key, value, until, now]),
        (Some(expect), Some(value)) => {
            t.guarded(REPLACE, params![t.issuer, space, key, value, until, now, expect])
        }
        (Some(expect), None) => t.guarded(DELETE, params![t.issuer, space, key, now, expect]),
        // No value is expected and none is set: there is no write to combine the guard with.
        (None, None) => {
            let mut is_absent = t.connection.prepare_cached(IS_ABSENT)?;
            Ok(is_absent.exists(params![t.issuer, space, key, now])?)
        }
    }
}
