//! Writes signing keys.

use rusqlite::params;
use server::store::{KeyChange, KeyRecord};

use crate::{error::Broken, transaction::Transaction};

const ADD: &str = "INSERT INTO signing_key (issuer, kid, algorithm, state, sealed, created_at, retired_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

const SET_STATE: &str = "UPDATE signing_key SET state = ?3, retired_at = ?4 WHERE issuer = ?1 AND kid = ?2";

const DELETE: &str = "DELETE FROM signing_key WHERE issuer = ?1 AND kid = ?2";

pub(super) fn apply(t: &Transaction<'_>, change: &KeyChange) -> Result<bool, Broken> {
    let held = match change {
        KeyChange::Add(key) => add(t, key)?,
        KeyChange::SetState { kid, state, retired_at } => {
            let retired_at = retired_at.map(|at| at.0);
            t.unguarded(SET_STATE, params![t.issuer, kid, state.as_str(), retired_at])?
        }
        KeyChange::Delete(kid) => t.unguarded(DELETE, params![t.issuer, kid])?,
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
        key.retired_at.map(|at| at.0),
    ];
    t.guarded(ADD, values)
}
