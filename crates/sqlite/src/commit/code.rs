//! Writes authorization codes.

use protocol::{AuthorizationCode, Handle, limits::CODE_TRIES_MAX};
use rusqlite::params;
use server::store::{Code, CodeChange};

use crate::{error::Broken, transaction::Transaction};

const ADD: &str = "INSERT INTO code \
    (id, issuer, digest, expires_at, grant_id, redirect_uri, challenge, nonce, used_at, tries, dpop_jkt) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING";

const USE: &str =
    "UPDATE code SET used_at = ?4 WHERE id = ?1 AND issuer = ?2 AND digest = ?3 AND used_at IS NULL";

const COUNT_TRY: &str = "UPDATE code SET tries = tries + 1, \
    used_at = CASE WHEN tries + 1 >= ?5 THEN coalesce(used_at, ?4) ELSE used_at END \
    WHERE id = ?1 AND issuer = ?2 AND digest = ?3";

pub(super) fn apply(t: &Transaction<'_>, change: &CodeChange) -> Result<bool, Broken> {
    match change {
        CodeChange::Add(handle, code) => add(t, handle, code),
        CodeChange::Use(handle) => {
            t.guarded(USE, params![handle.id, t.issuer, handle.digest.as_bytes(), t.now.0])
        }
        CodeChange::CountTry(handle) => {
            let values = params![handle.id, t.issuer, handle.digest.as_bytes(), t.now.0, CODE_TRIES_MAX];
            t.unguarded(COUNT_TRY, values)
        }
    }
}

fn add(t: &Transaction<'_>, handle: &Handle<AuthorizationCode>, code: &Code) -> Result<bool, Broken> {
    let values = params![
        handle.id,
        t.issuer,
        handle.digest.as_bytes(),
        code.expires_at.0,
        code.grant.0,
        code.redirect_uri,
        code.challenge.as_ref().map(|challenge| challenge.as_str()),
        code.nonce,
        code.used.then_some(t.now.0),
        code.tries,
        code.dpop_jkt.as_ref().map(|key| &key.as_bytes()[..]),
    ];
    t.guarded(ADD, values)
}
