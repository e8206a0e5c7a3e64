//! Writes interactions.

use rusqlite::params;
use server::store::InteractionChange;

use crate::{error::Broken, transaction::Transaction};

const ADD: &str = "INSERT INTO interaction (id, issuer, digest, expires_at, used_at, browser, request) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

const USE: &str = "UPDATE interaction SET used_at = ?4, request = ?5 \
    WHERE id = ?1 AND issuer = ?2 AND digest = ?3 AND used_at IS NULL AND expires_at > ?4";

const UPDATE: &str = "UPDATE interaction SET request = ?5 \
    WHERE id = ?1 AND issuer = ?2 AND digest = ?3 AND used_at IS NULL AND expires_at > ?4";

const DROP: &str = "DELETE FROM interaction WHERE id = ?1 AND issuer = ?2 AND digest = ?3";

pub(super) fn apply(t: &Transaction<'_>, change: &InteractionChange) -> Result<bool, Broken> {
    match change {
        InteractionChange::Add(handle, interaction) => {
            let values = params![
                handle.id,
                t.issuer,
                handle.digest.as_bytes(),
                interaction.expires_at.0,
                interaction.used.then_some(t.now.0),
                interaction.browser.as_bytes(),
                interaction.request,
            ];
            t.guarded(ADD, values)
        }
        InteractionChange::Use(handle, answered) => {
            t.guarded(USE, params![handle.id, t.issuer, handle.digest.as_bytes(), t.now.0, answered])
        }
        InteractionChange::Drop(handle) => {
            t.unguarded(DROP, params![handle.id, t.issuer, handle.digest.as_bytes()])
        }
        InteractionChange::Update(handle, request) => {
            t.guarded(UPDATE, params![handle.id, t.issuer, handle.digest.as_bytes(), t.now.0, request])
        }
    }
}
