//! Pages of grants, sessions and events.

use protocol::{AccessToken, ClientId, GrantId, Handle, SessionId, Subject, TokenId};
use rusqlite::{Connection, Params, params};
use server::{
    Difference,
    store::{Access, Actor, Event, EventKind, Grant, Of, RefusedRequest, Session},
};

use crate::{
    error::Broken,
    rows::{self, Columns, grant_columns},
};

macro_rules! grants {
    ($whose:literal) => {
        concat!(
            "SELECT ",
            grant_columns!(),
            " FROM grant g WHERE ",
            $whose,
            " AND g.id > ?2 AND g.ended_at IS NULL ORDER BY g.id LIMIT ?3"
        )
    };
}

// The `+` keeps SQLite from using an index on the issuer: all of its rows would be sorted for every page.

const GRANTS: &str = grants!("+g.issuer = ?1");
const GRANT: &str = grants!("g.issuer = ?1 AND g.id = ?4");
const GRANTS_OF_SESSION: &str = grants!("g.issuer = ?1 AND g.session = ?4");
const GRANTS_OF_SUBJECT: &str = grants!("g.issuer = ?1 AND g.subject = ?4");
const CLIENTS_OF_SESSION: &str =
    "SELECT DISTINCT client FROM grant WHERE issuer = ?1 AND session = ?2 ORDER BY client";
const CLIENTS_OF_SUBJECT: &str =
    "SELECT DISTINCT client FROM grant WHERE issuer = ?1 AND subject = ?2 ORDER BY client";
const GRANTS_OF_CLIENT: &str = grants!("g.issuer = ?1 AND g.client = ?4");

const SESSIONS: &str = "SELECT id, subject, authenticated_at, amr, seen_at, expires_at FROM session \
    WHERE +issuer = ?1 AND id > ?2 AND ended_at IS NULL ORDER BY id LIMIT ?3";

const SESSIONS_OF_SUBJECT: &str = "SELECT id, subject, authenticated_at, amr, seen_at, expires_at FROM session \
    WHERE issuer = ?1 AND id > ?2 AND ended_at IS NULL AND subject = ?4 ORDER BY id LIMIT ?3";

/// By `access_that_introspects`, whose condition stands here word for word.
const INTROSPECTION_TOKENS: &str = "SELECT a.id, a.digest, a.grant_id, a.client, a.epoch, a.subject, a.scopes, \
    a.audience, a.narrowed, a.issued_at, a.expires_in, a.confirmation, a.details, a.act FROM access a \
    JOIN caller c ON c.issuer = a.issuer AND c.client_id = a.client AND c.epoch = a.epoch AND c.disabled = 0 \
    WHERE a.issuer = ?1 AND a.id > ?2 AND a.client = ?4 AND a.scopes = 'introspection' AND a.grant_id IS NULL \
    AND a.ended = 0 ORDER BY a.id LIMIT ?3";

const EVENTS: &str = "SELECT cursor, kind, at, subject, client, detail, actor, request_id, why, peer FROM event \
    WHERE issuer = ?1 AND cursor > ?2 ORDER BY cursor LIMIT ?3";

const LATEST_EVENT: &str = "SELECT coalesce(max(cursor), 0) FROM event WHERE issuer = ?1";

const REFUSALS: &str = "SELECT request_id, at, route, status, reason, client, subject, peer, what, sent, expected, \
    marked FROM refusal WHERE issuer = ?1 AND request_id = ?2 ORDER BY number";

/// All rows of a statement.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    read: impl Fn(&mut Columns<'_>) -> Result<T, Broken>,
) -> Result<Vec<T>, Broken> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&mut Columns::of(row))?);
    }
    Ok(found)
}

pub(crate) fn grants(
    connection: &Connection,
    issuer: i64,
    of: Option<&Of>,
    after: Option<GrantId>,
    limit: u32,
) -> Result<Vec<Grant>, Broken> {
    let after = after.map_or(i64::MIN, |id| id.0);
    let read = |columns: &mut Columns<'_>| Ok(rows::grant(columns)?.0);
    match of {
        None => all(connection, GRANTS, params![issuer, after, limit], read),
        Some(Of::Grant(id)) => all(connection, GRANT, params![issuer, after, limit, id.0], read),
        Some(Of::Session(session)) => {
            all(connection, GRANTS_OF_SESSION, params![issuer, after, limit, session.0], read)
        }
        Some(Of::Subject(subject)) => {
            all(connection, GRANTS_OF_SUBJECT, params![issuer, after, limit, subject.as_str()], read)
        }
        Some(Of::Client(client)) => {
            all(connection, GRANTS_OF_CLIENT, params![issuer, after, limit, client.as_str()], read)
        }
    }
}

/// Those of grants of a session or subject, ended or not.
pub(crate) fn clients_of(connection: &Connection, issuer: i64, of: &Of) -> Result<Vec<ClientId>, Broken> {
    let read = |columns: &mut Columns<'_>| Ok(ClientId::new(columns.text()?));
    match of {
        Of::Session(session) => all(connection, CLIENTS_OF_SESSION, params![issuer, session.0], read),
        Of::Subject(subject) => all(connection, CLIENTS_OF_SUBJECT, params![issuer, subject.as_str()], read),
        Of::Grant(_) | Of::Client(_) => Ok(Vec::new()),
    }
}

pub(crate) fn sessions(
    connection: &Connection,
    issuer: i64,
    subject: Option<&Subject>,
    after: Option<SessionId>,
    limit: u32,
) -> Result<Vec<(SessionId, Session)>, Broken> {
    let after = after.map_or(i64::MIN, |id| id.0);
    let read = |columns: &mut Columns<'_>| Ok((SessionId(columns.number()?), rows::session(columns)?));
    match subject {
        None => all(connection, SESSIONS, params![issuer, after, limit], read),
        Some(subject) => {
            all(connection, SESSIONS_OF_SUBJECT, params![issuer, after, limit, subject.as_str()], read)
        }
    }
}

pub(crate) fn introspection_tokens(
    connection: &Connection,
    issuer: i64,
    caller: &ClientId,
    after: Option<TokenId>,
    limit: u32,
) -> Result<Vec<(Handle<AccessToken>, Access)>, Broken> {
    let after = after.map_or(i64::MIN, |id| id.0);
    let values = params![issuer, after, limit, caller.as_str()];
    all(connection, INTROSPECTION_TOKENS, values, |columns| {
        let handle = Handle { id: columns.number()?, digest: columns.digest()? };
        Ok((handle, rows::access(columns)?))
    })
}

pub(crate) fn events(
    connection: &Connection,
    issuer: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Event)>, Broken> {
    all(connection, EVENTS, params![issuer, after, limit], |columns| {
        let cursor = columns.number()?;
        let kind = EventKind::parse(columns.text()?).ok_or(Broken::Word("event.kind"))?;
        let at = columns.time()?;
        let subject = columns.text_or_none()?.map(Subject::new);
        let client = columns.text_or_none()?.map(ClientId::new);
        let detail = columns.text()?.into();
        let actor = columns.text_or_none()?.map(|text| Actor::parse(text).ok_or(Broken::Word("event.actor")));
        let (actor, request_id) = (actor.transpose()?, columns.text_or_none()?.map(Into::into));
        let why = columns.text_or_none()?.map(Into::into);
        let peer = rows::address(columns, "event.peer")?;
        Ok((cursor, Event { kind, at, actor, request_id, peer, subject, client, detail, why }))
    })
}

pub(crate) fn latest_event(connection: &Connection, issuer: i64) -> Result<i64, Broken> {
    let found = all(connection, LATEST_EVENT, params![issuer], |columns| columns.number())?;
    Ok(found.first().copied().unwrap_or_default())
}

pub(crate) fn refusals(
    connection: &Connection,
    issuer: i64,
    request_id: &str,
) -> Result<Vec<RefusedRequest>, Broken> {
    all(connection, REFUSALS, params![issuer, request_id], |columns| {
        let (request_id, at, route) = (columns.text()?.into(), columns.time()?, columns.text()?.into());
        let status = u16::try_from(columns.number()?).map_err(|_| Broken::Word("refusal.status"))?;
        let reason = columns.text()?.into();
        let client = columns.text_or_none()?.map(ClientId::new);
        let subject = columns.text_or_none()?.map(Subject::new);
        let peer = rows::address(columns, "refusal.peer")?;
        let (what, sent, expected) =
            (columns.text_or_none()?, columns.text_or_none()?, columns.text_or_none()?);
        let marked = columns.text_or_none()?.map(Into::into);
        let difference = what.zip(sent).zip(expected).map(|((what, sent), expected)| Difference {
            what: what.into(),
            sent: sent.into(),
            expected: expected.into(),
            marked,
        });
        Ok(RefusedRequest { request_id, at, route, status, reason, client, subject, peer, difference })
    })
}
