//! Writes grants and remembered consent.

use rusqlite::params;
use server::store::{Basis, Grant, GrantChange, UserBasis};

use crate::{
    error::Broken,
    rows::{json, lines, spaced},
    transaction::Transaction,
};

/// Inserts the grant if its basis still holds: that of its user (`?14`), and the epoch of its client (`?15`).
macro_rules! add {
    ($stands:literal) => {
        concat!(
            "INSERT INTO grant (id, issuer, subject, client, session, offline, scopes, audience, narrowed, \
             authenticated_at, amr, approved_at, expires_at, details) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?16 WHERE ",
            $stands,
            " AND coalesce((SELECT epoch = ?15 AND disabled = 0 FROM caller \
             WHERE issuer = ?2 AND client_id = ?4), ?15 = 0)",
            " ON CONFLICT DO NOTHING"
        )
    };
}

const ADD_BY_SESSION: &str = add!(
    "EXISTS (SELECT 1 FROM session WHERE id = ?14 AND issuer = ?2 AND subject = ?3 AND ended_at IS NULL)"
);

const ADD_BY_SUBJECT: &str =
    add!("coalesce((SELECT version FROM subject WHERE issuer = ?2 AND subject = ?3), 0) = ?14");

const CONSENT: &str = "INSERT INTO consent (issuer, subject, client, approved, given_at) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT DO UPDATE SET approved = excluded.approved, given_at = excluded.given_at";

const FORGET_CONSENT: &str = "DELETE FROM consent WHERE issuer = ?1 AND subject = ?2 AND client = ?3";

pub(super) fn apply(t: &Transaction<'_>, change: &GrantChange) -> Result<bool, Broken> {
    match change {
        GrantChange::Add(grant, basis) => add(t, grant, *basis),
        GrantChange::Consent(consent) => {
            let (subject, client) = (consent.subject.as_str(), consent.client.as_str());
            let approved = lines(&consent.approved);
            let values = params![t.issuer, subject, client, approved, consent.given_at.0];
            t.unguarded(CONSENT, values)
        }
        GrantChange::ForgetConsent(subject, client) => {
            t.unguarded(FORGET_CONSENT, params![t.issuer, subject.as_str(), client.as_str()])
        }
    }
}

fn add(t: &Transaction<'_>, grant: &Grant, basis: Basis) -> Result<bool, Broken> {
    let (sql, user) = match basis.user {
        UserBasis::Session(id) => (ADD_BY_SESSION, id.0),
        UserBasis::Subject(version) => (ADD_BY_SUBJECT, version),
    };
    let values = params![
        grant.id.0,
        t.issuer,
        grant.subject.as_str(),
        grant.client.as_str(),
        grant.session.map(|session| session.0),
        grant.offline,
        grant.scopes.as_str(),
        spaced(&grant.audience),
        grant.narrowed,
        grant.authenticated_at.0,
        grant.amr,
        grant.approved_at.0,
        grant.expires_at.0,
        user,
        basis.client_epoch,
        json(grant.details.as_deref())?,
    ];
    t.guarded(sql, values)
}
