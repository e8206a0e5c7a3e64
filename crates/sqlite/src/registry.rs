//! Reads clients, resources, scopes and keys. The server caches them until the registry version changes.

use jose::SignatureAlgorithm;
use protocol::{Audience, ClientId, Timestamp};
use rusqlite::{Connection, params};
use server::store::{Client, KeyRecord, KeyState, Resource, Scope};

use crate::{
    error::Broken,
    lists::all,
    rows::{self, Columns},
};

const CLIENT: &str = "SELECT k.client_id, k.epoch, k.disabled, k.secret_digest, k.secret_sealed, c.metadata, \
    c.require_pkce, c.skip_consent, c.applied, c.version \
    FROM client c JOIN caller k ON k.issuer = c.issuer AND k.client_id = c.id WHERE c.issuer = ?1 AND c.id = ?2";

const CLIENTS: &str = "SELECT k.client_id, k.epoch, k.disabled, k.secret_digest, k.secret_sealed, c.metadata, \
    c.require_pkce, c.skip_consent, c.applied, c.version \
    FROM client c JOIN caller k ON k.issuer = c.issuer AND k.client_id = c.id \
    WHERE c.issuer = ?1 AND c.id > ?2 ORDER BY c.id LIMIT ?3";

const RESOURCES: &str = "SELECT k.client_id, k.epoch, k.disabled, k.secret_digest, k.secret_sealed, r.identifier, \
    r.settings, r.applied, r.version \
    FROM resource r LEFT JOIN caller k ON k.issuer = r.issuer AND k.client_id = r.client_id \
    WHERE r.issuer = ?1 ORDER BY r.identifier";

const SCOPES: &str = "SELECT record, applied FROM scope WHERE issuer = ?1 ORDER BY scope";

const KEYS: &str = "SELECT kid, algorithm, state, sealed, created_at, active_at, retired_at FROM signing_key \
    WHERE issuer = ?1 ORDER BY created_at, kid";

pub(crate) fn client(connection: &Connection, issuer: i64, id: &ClientId) -> Result<Option<Client>, Broken> {
    let mut statement = connection.prepare_cached(CLIENT)?;
    let mut rows = statement.query(params![issuer, id.as_str()])?;
    rows.next()?.map(|row| read_client(&mut Columns::of(row))).transpose()
}

/// No id is empty, so the empty string is before all of them.
pub(crate) fn clients(
    connection: &Connection,
    issuer: i64,
    after: Option<&ClientId>,
    limit: u32,
) -> Result<Vec<Client>, Broken> {
    let after = after.map_or("", |id| id.as_str());
    all(connection, CLIENTS, params![issuer, after, limit], read_client)
}

pub(crate) fn resources(connection: &Connection, issuer: i64) -> Result<Vec<Resource>, Broken> {
    all(connection, RESOURCES, [issuer], |columns| {
        let caller = rows::caller(columns)?;
        let identifier = Audience::new(columns.text()?);
        let settings = serde_json::from_str(columns.text()?)?;
        let (applied, version) = (columns.flag()?, columns.number()?);
        Ok(Resource { identifier, caller, settings, applied, version })
    })
}

pub(crate) fn scopes(connection: &Connection, issuer: i64) -> Result<Vec<Scope>, Broken> {
    all(connection, SCOPES, [issuer], |columns| {
        let scope: Scope = serde_json::from_str(columns.text()?)?;
        Ok(Scope { applied: columns.flag()?, ..scope })
    })
}

pub(crate) fn keys(connection: &Connection, issuer: i64) -> Result<Vec<KeyRecord>, Broken> {
    all(connection, KEYS, [issuer], |columns| {
        let kid = columns.text()?.to_owned();
        let algorithm = SignatureAlgorithm::parse(columns.text()?);
        let state = KeyState::parse(columns.text()?);
        Ok(KeyRecord {
            kid,
            algorithm: algorithm.ok_or(Broken::Word("signing_key.algorithm"))?,
            state: state.ok_or(Broken::Word("signing_key.state"))?,
            sealed: columns.bytes()?.to_vec(),
            created_at: columns.time()?,
            active_at: columns.time()?,
            retired_at: columns.number_or_none()?.map(Timestamp),
        })
    })
}

fn read_client(columns: &mut Columns<'_>) -> Result<Client, Broken> {
    let caller = rows::caller(columns)?.ok_or(Broken::Word("caller.client_id"))?;
    let metadata = serde_json::from_str(columns.text()?)?;
    Ok(Client {
        caller,
        metadata,
        require_pkce: columns.flag()?,
        skip_consent: columns.flag()?,
        applied: columns.flag()?,
        version: columns.number()?,
    })
}
