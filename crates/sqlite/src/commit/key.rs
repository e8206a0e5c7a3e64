//! Writes signing keys.

use rusqlite::params;
use server::store::{KeyChange, KeyRecord};

use crate::{error::Broken, transaction::Transaction};

const ADD: &str = "INSERT INTO signing_key (issuer, kid, algorithm, state, sealed, created_at, active_at, retired_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";

const ACTIVATE: &str = "UPDATE signing_key SET state = 'active', active_at = ?3 \
    WHERE issuer = ?1 AND kid = ?2 AND state = 'next'";

const RETIRE: &str = "UPDATE signing_key SET state = 'retiring', retired_at = ?3 \
    WHERE issuer = ?1 AND kid = ?2 AND state = 'active'";

const DELETE: &str = "DELETE FROM signing_key WHERE issuer = ?1 AND kid = ?2 AND state = ?3";

pub(super) fn apply(t: &Transaction<'_>, change: &KeyChange) -> Result<bool, Broken> {
    let held = match change {
        KeyChange::Add(key) => add(t, key)?,
        KeyChange::Activate(kid, at) => t.guarded(ACTIVATE, params![t.issuer, kid, at.0])?,
        KeyChange::Retire(kid, at) => t.guarded(RETIRE, params![t.issuer, kid, at.0])?,
        KeyChange::Delete(kid, state) => t.guarded(DELETE, params![t.issuer, kid, state.as_str()])?,
    };
    if held {
        t.move_registry()?;
    }
    Ok(held)
}

fn add(t: &Transaction<'_>, key: &KeyRecord) -> Result<bool, Broken> {
    let values = params![
        t.issuer,
        key.kid,
        key.algorithm.as_str(),
        key.state.as_str(),
        key.sealed,
        key.created_at.0,
        key.active_at.0,
        key.retired_at.map(|at| at.0),
    ];
    t.guarded(ADD, values)
}
