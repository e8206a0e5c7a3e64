//! Writes clients, resources and scopes, and the credentials that clients and resources share.

use protocol::{Audience, ClientId};
use rusqlite::{OptionalExtension as _, ToSql, params};
use server::store::{Caller, Client, Expect, Provenance, Registered, RegistryChange, Resource, Scope};

use crate::{error::Broken, transaction::Transaction};

/// A resource may share the credentials of a client; a client never takes over those of a resource, and has the `sub`
/// of no user (RFC 9700 §4.15).
const ADD_CLIENT: &str = "INSERT INTO client \
    (issuer, id, metadata, require_pkce, skip_consent, applied, provenance, registration_token, fresh_until, \
    registered_at, unused_until, version) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1 \
    WHERE NOT EXISTS (SELECT 1 FROM caller WHERE issuer = ?1 AND client_id = ?2) \
    AND NOT EXISTS (SELECT 1 FROM account WHERE issuer = ?1 AND subject = ?2) ON CONFLICT DO NOTHING";

const REPLACE_CLIENT: &str = "UPDATE client \
    SET metadata = ?3, require_pkce = ?4, skip_consent = ?5, applied = ?6, provenance = ?7, \
    registration_token = ?8, fresh_until = ?9, registered_at = ?10, unused_until = ?11, version = version + 1 \
    WHERE issuer = ?1 AND id = ?2 AND version = ?12";

const DELETE_CLIENT: &str = "DELETE FROM client WHERE issuer = ?1 AND id = ?2";

const DELETE_UNUSED: &str = "DELETE FROM client WHERE issuer = ?1 AND id = ?2 AND unused_until < ?3";

const KEEP_CLIENT: &str = "UPDATE client SET unused_until = NULL, version = version + 1 \
    WHERE issuer = ?1 AND id = ?2 AND unused_until IS NOT NULL";

const PUT_CALLER: &str = "INSERT INTO caller (issuer, client_id, epoch, disabled, secret_digest, secret_sealed) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET epoch = excluded.epoch, \
    disabled = excluded.disabled, secret_digest = excluded.secret_digest, secret_sealed = excluded.secret_sealed";

const PUT_CALLER_OF_RESOURCE: &str = "INSERT INTO caller \
    (issuer, client_id, epoch, disabled, secret_digest, secret_sealed) SELECT ?1, ?2, ?3, ?4, ?5, ?6 \
    WHERE NOT EXISTS (SELECT 1 FROM client WHERE issuer = ?1 AND id = ?2) \
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch, disabled = excluded.disabled, \
    secret_digest = excluded.secret_digest, secret_sealed = excluded.secret_sealed";

/// Ends the tokens of a deleted client whose credentials a resource keeps.
const NEXT_EPOCH: &str = "UPDATE caller SET epoch = epoch + 1 WHERE issuer = ?1 AND client_id = ?2";

/// A new client with this id must not inherit consent.
const FORGET_CONSENT: &str = "DELETE FROM consent WHERE issuer = ?1 AND client = ?2";

/// Deletes credentials that no client and no resource uses any more.
const DELETE_ORPHAN: &str = "DELETE FROM caller WHERE issuer = ?1 AND client_id = ?2 \
    AND NOT EXISTS (SELECT 1 FROM client WHERE client.issuer = ?1 AND client.id = ?2) \
    AND NOT EXISTS (SELECT 1 FROM resource WHERE resource.issuer = ?1 AND resource.client_id = ?2)";

const CALLER_OF_RESOURCE: &str = "SELECT client_id FROM resource WHERE issuer = ?1 AND identifier = ?2";

/// Whether no user has the id that the resource authenticates with (RFC 9700 §4.15), if that is new.
macro_rules! is_no_user {
    () => {
        "(EXISTS (SELECT 1 FROM caller k WHERE k.issuer = ?1 AND k.client_id = ?3) \
         OR NOT EXISTS (SELECT 1 FROM account a WHERE a.issuer = ?1 AND a.subject = ?3))"
    };
}

const ADD_RESOURCE: &str = concat!(
    "INSERT INTO resource (issuer, identifier, client_id, settings, applied, version) \
     SELECT ?1, ?2, ?3, ?4, ?5, 1 WHERE ",
    is_no_user!(),
    " ON CONFLICT DO NOTHING"
);

const REPLACE_RESOURCE: &str = concat!(
    "UPDATE resource SET client_id = ?3, settings = ?4, applied = ?5, version = version + 1 \
     WHERE issuer = ?1 AND identifier = ?2 AND version = ?6 AND ",
    is_no_user!()
);

const DELETE_RESOURCE: &str = "DELETE FROM resource WHERE issuer = ?1 AND identifier = ?2";

const PUT_SCOPE: &str = "INSERT INTO scope (issuer, scope, record, applied) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT DO UPDATE SET record = excluded.record, applied = excluded.applied";

const DELETE_SCOPE: &str = "DELETE FROM scope WHERE issuer = ?1 AND scope = ?2";

pub(super) fn apply(t: &Transaction<'_>, change: &RegistryChange) -> Result<bool, Broken> {
    match change {
        RegistryChange::PutClient(client, expect) => {
            let held = put_client(t, client, *expect)?;
            moved(t, &client.caller.id, held)
        }
        RegistryChange::DeleteClient(id) => {
            t.run(DELETE_CLIENT, params![t.issuer, id.as_str()])?;
            delete_rest(t, id)?;
            moved(t, id, true)
        }
        RegistryChange::DeleteUnused(id) => {
            let held = t.guarded(DELETE_UNUSED, params![t.issuer, id.as_str(), t.now.0])?;
            if held {
                delete_rest(t, id)?;
            }
            moved(t, id, held)
        }
        RegistryChange::KeepClient(id) => {
            t.run(KEEP_CLIENT, params![t.issuer, id.as_str()])?;
            moved(t, id, true)
        }
        RegistryChange::PutResource(resource, expect) => {
            let held = put_resource(t, resource, *expect)?;
            if held {
                t.move_registry()?;
            }
            Ok(held)
        }
        RegistryChange::DeleteResource(identifier) => {
            delete_resource(t, identifier)?;
            t.move_registry().map(|()| true)
        }
        RegistryChange::PutScope(scope) => {
            put_scope(t, scope)?;
            t.move_registry().map(|()| true)
        }
        RegistryChange::DeleteScope(scope) => {
            t.run(DELETE_SCOPE, params![t.issuer, scope])?;
            t.move_registry().map(|()| true)
        }
    }
}

/// Counts the change of a client, if its guard held.
fn moved(t: &Transaction<'_>, id: &ClientId, held: bool) -> Result<bool, Broken> {
    if held {
        t.move_client(id.as_str())?;
    }
    Ok(held)
}

/// Deletes what belonged to a deleted client.
fn delete_rest(t: &Transaction<'_>, id: &ClientId) -> Result<(), Broken> {
    t.run(NEXT_EPOCH, params![t.issuer, id.as_str()])?;
    t.run(FORGET_CONSENT, params![t.issuer, id.as_str()])?;
    t.run(DELETE_ORPHAN, params![t.issuer, id.as_str()])?;
    Ok(())
}

fn put_client(t: &Transaction<'_>, client: &Client, expect: Expect) -> Result<bool, Broken> {
    let id = client.caller.id.as_str();
    let metadata = serde_json::to_string(&client.metadata)?;
    let Registered { by, at, unused_until } = &client.registered;
    let (token, fresh_until) = match by {
        Provenance::Operator => (None, None),
        Provenance::SelfRegistered { token } => (Some(token.as_bytes()), None),
        Provenance::MetadataDocument { fresh_until } => (None, Some(fresh_until.0)),
    };
    let (at, unused_until) = (at.map(|at| at.0), unused_until.map(|until| until.0));
    let (pkce, consent, applied, by) =
        (client.require_pkce, client.skip_consent, client.applied, by.as_str());
    let of_record =
        params![t.issuer, id, metadata, pkce, consent, applied, by, token, fresh_until, at, unused_until];
    let held = match &expect {
        Expect::Absent => t.guarded(ADD_CLIENT, of_record)?,
        Expect::Version(version) => {
            let of_version: [&dyn ToSql; 1] = [version];
            t.guarded(REPLACE_CLIENT, [of_record, &of_version].concat().as_slice())?
        }
    };
    if held {
        put_caller(t, PUT_CALLER, &client.caller)?;
    }
    Ok(held)
}

fn put_resource(t: &Transaction<'_>, resource: &Resource, expect: Expect) -> Result<bool, Broken> {
    let identifier = resource.identifier.as_str();
    let client_id = resource.caller.as_ref().map(|caller| caller.id.as_str());
    let settings = serde_json::to_string(&resource.settings)?;
    let before = match expect {
        Expect::Absent => None,
        Expect::Version(_) => caller_of(t, identifier)?,
    };
    let held = match expect {
        Expect::Absent => {
            t.guarded(ADD_RESOURCE, params![t.issuer, identifier, client_id, settings, resource.applied])?
        }
        Expect::Version(version) => {
            let applied = resource.applied;
            t.guarded(REPLACE_RESOURCE, params![t.issuer, identifier, client_id, settings, applied, version])?
        }
    };
    if !held {
        return Ok(false);
    }
    if let Some(caller) = &resource.caller {
        put_caller(t, PUT_CALLER_OF_RESOURCE, caller)?;
    }
    delete_orphan(t, before.filter(|before| client_id != Some(before.as_str())))
}

/// The id that a stored resource authenticates with.
fn caller_of(t: &Transaction<'_>, identifier: &str) -> Result<Option<String>, Broken> {
    let mut find = t.connection.prepare_cached(CALLER_OF_RESOURCE)?;
    let found = find.query_row(params![t.issuer, identifier], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

fn delete_orphan(t: &Transaction<'_>, id: Option<String>) -> Result<bool, Broken> {
    match id {
        Some(id) => t.unguarded(DELETE_ORPHAN, params![t.issuer, id]),
        None => Ok(true),
    }
}

fn put_caller(t: &Transaction<'_>, sql: &str, caller: &Caller) -> Result<(), Broken> {
    let secret = caller.secret.as_ref();
    let digest = secret.map(|secret| &secret.digest);
    let sealed = secret.and_then(|secret| secret.sealed.as_deref());
    t.run(sql, params![t.issuer, caller.id.as_str(), caller.epoch, caller.disabled, digest, sealed])?;
    Ok(())
}

fn delete_resource(t: &Transaction<'_>, identifier: &Audience) -> Result<bool, Broken> {
    let before = caller_of(t, identifier.as_str())?;
    t.run(DELETE_RESOURCE, params![t.issuer, identifier.as_str()])?;
    delete_orphan(t, before)
}

fn put_scope(t: &Transaction<'_>, scope: &Scope) -> Result<bool, Broken> {
    let record = serde_json::to_string(scope)?;
    t.unguarded(PUT_SCOPE, params![t.issuer, scope.scope, record, scope.applied])
}
