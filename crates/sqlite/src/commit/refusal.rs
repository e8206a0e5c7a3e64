//! Keeps refused requests, the last ones of each issuer.

use rusqlite::params;
use server::store::KeepRefusals;

use crate::{error::Broken, transaction::Transaction};

const ADD: &str = "INSERT INTO refusal (issuer, number, request_id, at, route, status, reason, client, subject, peer, \
    what, sent, expected, marked) \
    VALUES (?1, 1 + coalesce((SELECT max(number) FROM refusal WHERE issuer = ?1), 0), \
    ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

const MAKE_ROOM: &str = "DELETE FROM refusal \
    WHERE issuer = ?1 AND number <= (SELECT max(number) FROM refusal WHERE issuer = ?1) - ?2";

pub(super) fn apply(t: &Transaction<'_>, kept: &KeepRefusals) -> Result<bool, Broken> {
    for row in &kept.refused {
        let difference = row.difference.as_ref();
        let values = params![
            t.issuer,
            row.request_id,
            row.at.0,
            row.route,
            row.status,
            row.reason,
            row.client.as_ref().map(|client| client.as_str()),
            row.subject.as_ref().map(|subject| subject.as_str()),
            row.peer.map(|peer| peer.to_string()),
            difference.map(|difference| &*difference.what),
            difference.map(|difference| &*difference.sent),
            difference.map(|difference| &*difference.expected),
            difference.and_then(|difference| difference.marked.as_deref()),
        ];
        t.run(ADD, values)?;
    }
    t.run(MAKE_ROOM, params![t.issuer, kept.most])?;
    Ok(true)
}
