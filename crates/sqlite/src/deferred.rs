//! Reads requests that their user answers elsewhere.

use protocol::{ClientId, DeferredId, GrantId, Scopes, Stored, Subject, Timestamp, UserCode};
use rusqlite::{Connection, params};
use server::{
    Fault,
    store::{Deferred, DeferredRead, DeferredState, Whose},
};

use crate::{
    SqliteIssuer,
    error::Broken,
    lists,
    rows::{self, Columns, grant_columns},
};

macro_rules! columns {
    () => {
        "d.user_code, d.subject, d.client, d.scopes, d.audience, d.narrowed, d.facts, d.asked_at, d.expires_at, \
         d.answered_at, d.grant_id, d.used_at"
    };
}

const THROUGH_GRANT: &str = concat!(
    "SELECT d.digest, ",
    columns!(),
    ", ",
    grant_columns!(),
    " FROM deferred d LEFT JOIN grant g ON g.id = d.grant_id AND g.issuer = d.issuer \
     WHERE d.id = ?1 AND d.issuer = ?2"
);

const BY_USER_CODE: &str =
    concat!("SELECT d.id, ", columns!(), " FROM deferred d WHERE d.issuer = ?1 AND d.user_code = ?2");

const OF_SUBJECT: &str = concat!(
    "SELECT d.id, ",
    columns!(),
    " FROM deferred d WHERE d.issuer = ?1 AND d.subject = ?2 AND d.answered_at IS NULL AND d.expires_at > ?3 \
     ORDER BY d.id LIMIT ?4"
);

pub(crate) fn through_grant<S>(
    issuer: &SqliteIssuer,
    id: i64,
) -> Result<Option<Stored<S, DeferredRead>>, Fault> {
    issuer.row(THROUGH_GRANT, [id, issuer.id()], |columns| {
        let digest = columns.digest()?;
        let row = read(columns)?;
        let found = columns.is_next_set()?.then(|| rows::grant(columns)).transpose()?;
        let (grant, ended) = found.map_or((None, None), |(grant, ended)| (Some(grant), ended));
        Ok(Stored::new(digest, DeferredRead { row, grant, ended }))
    })
}

pub(crate) fn by_user_code(
    issuer: &SqliteIssuer,
    code: &UserCode,
) -> Result<Option<(DeferredId, Deferred)>, Fault> {
    issuer.row(BY_USER_CODE, params![issuer.id(), code.as_str()], with_id)
}

pub(crate) fn of_subject(
    connection: &Connection,
    issuer: i64,
    subject: &Subject,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(DeferredId, Deferred)>, Broken> {
    lists::all(connection, OF_SUBJECT, params![issuer, subject.as_str(), now.0, limit], with_id)
}

fn with_id(columns: &mut Columns<'_>) -> Result<(DeferredId, Deferred), Broken> {
    Ok((DeferredId(columns.number()?), read(columns)?))
}

fn read(columns: &mut Columns<'_>) -> Result<Deferred, Broken> {
    let (user_code, subject) = (columns.text_or_none()?, columns.text_or_none()?);
    let whose = match (user_code, subject) {
        (Some(code), _) => Whose::Typed(UserCode::stored(code)),
        (None, Some(subject)) => Whose::Subject(Subject::new(subject)),
        (None, None) => return Err(Broken::Word("subject")),
    };
    Ok(Deferred {
        whose,
        client: ClientId::new(columns.text()?),
        scopes: Scopes::stored(columns.text()?),
        audience: columns.audience()?,
        narrowed: columns.flag()?,
        facts: columns.text()?.into(),
        asked_at: columns.time()?,
        expires_at: columns.time()?,
        state: {
            let is_answered = columns.number_or_none()?.is_some();
            let grant = columns.number_or_none()?.map(GrantId);
            let is_used = columns.number_or_none()?.is_some();
            match (is_answered, grant, is_used) {
                (false, ..) => DeferredState::Waiting,
                (true, None, _) => DeferredState::Denied,
                (true, Some(grant), false) => DeferredState::Approved(grant),
                (true, Some(grant), true) => DeferredState::Used(grant),
            }
        },
    })
}
