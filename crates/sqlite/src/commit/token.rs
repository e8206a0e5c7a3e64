//! Writes access and refresh tokens.

use protocol::{AccessToken, Digest, Handle, RefreshToken};
use rusqlite::params;
use server::store::{Access, Refresh, TokenChange};

use crate::{
    error::Broken,
    rows::{json, spaced},
    transaction::Transaction,
};

const ADD_ACCESS: &str = "INSERT INTO access (id, issuer, digest, issued_at, expires_in, grant_id, client, epoch, \
    subject, scopes, audience, narrowed, confirmation, details, act) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING";

const ADD_REFRESH: &str = "INSERT INTO refresh \
    (id, issuer, digest, expires_at, grant_id, generation, rotated_at, key, confirmation) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";

const ROTATE: &str = "UPDATE refresh SET generation = generation + 1, digest = ?4, rotated_at = ?5, expires_at = ?6 \
    WHERE id = ?1 AND issuer = ?2 AND generation = ?3";

const END_ACCESS: &str = "UPDATE access SET ended = 1 WHERE id = ?1 AND issuer = ?2 AND digest = ?3";

const REVOKE_JWT: &str = "INSERT INTO revoked_jwt (issuer, jti, expires_at) VALUES (?1, ?2, ?3) \
    ON CONFLICT DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)";

pub(super) fn apply(t: &Transaction<'_>, change: &TokenChange) -> Result<bool, Broken> {
    match change {
        TokenChange::AddAccess(handle, access) => add_access(t, handle, access),
        TokenChange::AddRefresh(digest, refresh) => add_refresh(t, digest, refresh),
        TokenChange::Rotate { family, from, to, at, expires_at } => {
            t.guarded(ROTATE, params![family.0, t.issuer, from, to.as_bytes(), at.0, expires_at.0])
        }
        TokenChange::EndAccess(handle) => {
            t.unguarded(END_ACCESS, params![handle.id, t.issuer, handle.digest.as_bytes()])
        }
        TokenChange::RevokeJwt(jti, expires_at) => {
            t.unguarded(REVOKE_JWT, params![t.issuer, jti.as_str(), expires_at.0])
        }
    }
}

fn add_access(t: &Transaction<'_>, handle: &Handle<AccessToken>, access: &Access) -> Result<bool, Broken> {
    let values = params![
        handle.id,
        t.issuer,
        handle.digest.as_bytes(),
        access.issued_at.0,
        access.expires_at.since(access.issued_at),
        access.grant.map(|grant| grant.0),
        access.client.as_str(),
        access.epoch,
        access.subject.as_ref().map(|subject| subject.as_str()),
        access.scopes.as_str(),
        spaced(&access.audience),
        access.narrowed,
        access.confirmation.as_ref().map(|confirmation| confirmation.to_bytes()),
        json(access.details.as_deref())?,
        access.act,
    ];
    t.guarded(ADD_ACCESS, values)
}

fn add_refresh(
    t: &Transaction<'_>,
    digest: &Digest<RefreshToken>,
    refresh: &Refresh,
) -> Result<bool, Broken> {
    let values = params![
        refresh.family.0,
        t.issuer,
        digest.as_bytes(),
        refresh.expires_at.0,
        refresh.grant.0,
        refresh.generation,
        refresh.rotated_at.0,
        refresh.key,
        refresh.confirmation.as_ref().map(|confirmation| confirmation.to_bytes()),
    ];
    t.guarded(ADD_REFRESH, values)
}
