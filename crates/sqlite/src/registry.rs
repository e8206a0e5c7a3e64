//! Reads clients, resources, scopes and keys. The server caches them until the registry version changes.

use jose::SignatureAlgorithm;
use protocol::{Audience, ClientId, Digest, Timestamp};
use rusqlite::{Connection, params};
use server::store::{Client, KeyRecord, KeyState, Provenance, Registered, RegistryVersion, Resource, Scope};

use crate::{
    error::Broken,
    lists::all,
    rows::{self, Columns},
};

const CLIENT: &str = "SELECT k.client_id, k.epoch, k.disabled, k.secret_digest, k.secret_sealed, c.metadata, \
    c.require_pkce, c.skip_consent, c.applied, c.version, \
    c.provenance, c.registration_token, c.fresh_until, c.registered_at, c.unused_until \
    FROM client c JOIN caller k ON k.issuer = c.issuer AND k.client_id = c.id WHERE c.issuer = ?1 AND c.id = ?2";

const CLIENTS: &str = "SELECT k.client_id, k.epoch, k.disabled, k.secret_digest, k.secret_sealed, c.metadata, \
    c.require_pkce, c.skip_consent, c.applied, c.version, \
    c.provenance, c.registration_token, c.fresh_until, c.registered_at, c.unused_until \
    FROM client c JOIN caller k ON k.issuer = c.issuer AND k.client_id = c.id \
    WHERE c.issuer = ?1 AND c.id > ?2 ORDER BY c.id LIMIT ?3";

const VERSION: &str = "SELECT clients, registry FROM issuer WHERE id = ?1";

/// The version of the clients with each change; once, without a change, if there is none.
const CHANGED: &str = "SELECT i.clients, c.client_id FROM issuer i \
    LEFT JOIN client_change c ON c.issuer = i.id AND c.version > ?2 WHERE i.id = ?1";

const UNUSED: &str = "SELECT id FROM client WHERE issuer = ?1 AND unused_until < ?2 LIMIT ?3";

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

pub(crate) fn version(connection: &Connection, issuer: i64) -> rusqlite::Result<RegistryVersion> {
    let read = |row: &rusqlite::Row<'_>| Ok(RegistryVersion { clients: row.get(0)?, rest: row.get(1)? });
    connection.prepare_cached(VERSION)?.query_row([issuer], read)
}

/// `None` if the changes after this version are not all known any more.
pub(crate) fn changed(
    connection: &Connection,
    issuer: i64,
    after: i64,
) -> Result<Option<Vec<ClientId>>, Broken> {
    let found = all(connection, CHANGED, [issuer, after], |columns| {
        Ok((columns.number()?, columns.text_or_none()?.map(ClientId::new)))
    })?;
    let now = found.first().map_or(after, |(version, _)| *version);
    let changed: Vec<_> = found.into_iter().filter_map(|(_, id)| id).collect();
    let is_whole = i64::try_from(changed.len()).ok() == Some(now - after);
    Ok(is_whole.then_some(changed))
}

pub(crate) fn unused(
    connection: &Connection,
    issuer: i64,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<ClientId>, Broken> {
    all(connection, UNUSED, params![issuer, now.0, limit], |columns| Ok(ClientId::new(columns.text()?)))
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
        registered: registered(columns)?,
    })
}

fn registered(columns: &mut Columns<'_>) -> Result<Registered, Broken> {
    let (word, token) = (columns.text()?, columns.bytes_or_none()?);
    let (fresh_until, at) = (columns.number_or_none()?, columns.number_or_none()?);
    let by = match (word, token, fresh_until) {
        ("operator", ..) => Provenance::Operator,
        ("self-registered", Some(token), _) => {
            let token = token.try_into().map_err(|_| Broken::Word("client.registration_token"))?;
            Provenance::SelfRegistered { token: Digest::stored(token) }
        }
        ("metadata document", _, Some(until)) => {
            Provenance::MetadataDocument { fresh_until: Timestamp(until) }
        }
        _ => return Err(Broken::Word("client.provenance")),
    };
    let unused_until = columns.number_or_none()?.map(Timestamp);
    Ok(Registered { by, at: at.map(Timestamp), unused_until })
}
