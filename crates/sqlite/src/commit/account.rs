//! Writes accounts, in the same transaction as all other changes.

use accounts::{Account, AccountChange};
use rusqlite::params;

use crate::{error::Broken, transaction::Transaction};

/// No client or resource has its `sub` as `client_id` (RFC 9700 §4.15).
const ADD: &str = "INSERT INTO account \
    (issuer, subject, username, canonical, password, disabled, claims, applied, version) \
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1 \
    WHERE NOT EXISTS (SELECT 1 FROM caller WHERE issuer = ?1 AND client_id = ?2) ON CONFLICT DO NOTHING";

const REPLACE: &str = "UPDATE account SET username = ?3, canonical = ?4, password = ?5, disabled = ?6, claims = ?7, \
    applied = ?8, version = version + 1 WHERE issuer = ?1 AND subject = ?2 AND version = ?9 \
    AND NOT EXISTS (SELECT 1 FROM account other \
        WHERE other.issuer = ?1 AND other.canonical = ?4 AND other.subject <> ?2)";

const REHASH: &str = "UPDATE account SET password = ?3, version = version + 1 \
    WHERE issuer = ?1 AND subject = ?2 AND version = ?4";

const DELETE: &str = "DELETE FROM account WHERE issuer = ?1 AND subject = ?2";

const FORGET_CONSENTS: &str = "DELETE FROM consent WHERE issuer = ?1 AND subject = ?2";

pub(super) fn apply(t: &Transaction<'_>, change: &AccountChange) -> Result<bool, Broken> {
    match change {
        AccountChange::Add(account) => write(t, ADD, account, None),
        AccountChange::Replace(account, version) => write(t, REPLACE, account, Some(*version)),
        AccountChange::Rehash(subject, password, version) => {
            t.guarded(REHASH, params![t.issuer, subject.as_str(), password.0, version])
        }
        // A later account with this subject must not inherit the consent.
        AccountChange::Delete(subject) => {
            t.unguarded(FORGET_CONSENTS, params![t.issuer, subject.as_str()])?;
            t.unguarded(DELETE, params![t.issuer, subject.as_str()])
        }
    }
}

fn write(t: &Transaction<'_>, sql: &str, account: &Account, version: Option<i64>) -> Result<bool, Broken> {
    let claims = serde_json::to_string(&account.claims)?;
    let canonical = account.username.canonical();
    let password = account.password.as_ref().map(|password| &*password.0);
    let (subject, username) = (account.subject.as_str(), account.username.as_str());
    let (disabled, applied) = (account.disabled, account.applied);
    let values = params![t.issuer, subject, username, canonical, password, disabled, claims, applied];
    match version {
        None => t.guarded(sql, values),
        Some(version) => t.guarded(sql, [values, params![version]].concat().as_slice()),
    }
}
