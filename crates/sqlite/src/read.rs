//! The [`Store`] of one issuer; the hot reads are here, each as one joined statement.

use std::{future::Future, pin::Pin};

use async_trait::async_trait;
use protocol::{
    AccessToken, AuthorizationCode, ClientId, DeferredCode, DeferredId, FamilyId, GrantId, Handle,
    InteractionToken, JwtId, RefreshToken, SessionId, SessionToken, Stored, Subject, Timestamp, TokenId,
    UserCode,
};
use rusqlite::{Connection, Params, params};
use server::{
    Fault,
    store::{
        Access, AccessRead, Client, Code, Commit, Committed, Conflict, Consent, Deferred, DeferredRead,
        Ended, Event, Grant, Interaction, KeyRecord, Of, Refresh, RefusedRequest, RegistryVersion, Resource,
        Scope, SeenSubject, Session, Store, Through,
    },
};

use crate::{
    SqliteIssuer, deferred,
    error::Broken,
    lists, registry,
    rows::{self, Columns, grant_columns},
};

/// A row, its grant, and when the session of the grant expires, unless that has ended.
macro_rules! through {
    ($columns:literal, $table:literal) => {
        concat!(
            "SELECT r.digest, ",
            $columns,
            ", ",
            grant_columns!(),
            ", s.expires_at FROM ",
            $table,
            " r JOIN grant g ON g.id = r.grant_id AND g.issuer = r.issuer \
             LEFT JOIN session s ON s.id = g.session AND s.issuer = g.issuer AND s.ended_at IS NULL \
             WHERE r.id = ?1 AND r.issuer = ?2"
        )
    };
}

const CODE: &str = through!(
    "r.grant_id, r.redirect_uri, r.challenge, r.nonce, r.expires_at, r.used_at, r.tries, r.dpop_jkt",
    "code"
);

const REFRESH: &str =
    through!("r.id, r.grant_id, r.generation, r.rotated_at, r.expires_at, r.key, r.confirmation", "refresh");

/// An access token, and whether its grant, or without one its caller, has not ended. One that was exchanged is another
/// client's than its grant, and ends with both.
const ACCESS: &str = "SELECT a.digest, a.grant_id, a.client, a.epoch, a.subject, a.scopes, a.audience, a.narrowed, \
    a.issued_at, a.expires_in, a.confirmation, a.details, a.act, a.ended, CASE WHEN a.grant_id IS NULL \
    THEN EXISTS (SELECT 1 FROM caller c WHERE c.issuer = a.issuer AND c.client_id = a.client \
        AND c.epoch = a.epoch AND c.disabled = 0) \
    ELSE EXISTS (SELECT 1 FROM grant g WHERE g.id = a.grant_id AND g.issuer = a.issuer \
        AND g.ended_at IS NULL AND (g.client = a.client OR EXISTS (SELECT 1 FROM caller c \
            WHERE c.issuer = a.issuer AND c.client_id = a.client AND c.epoch = a.epoch AND c.disabled = 0))) END \
    FROM access a WHERE a.id = ?1 AND a.issuer = ?2";

/// The same for a token without a row.
const JWT_ENDED: &str = "SELECT EXISTS (SELECT 1 FROM revoked_jwt WHERE issuer = ?1 AND jti = ?2), \
    CASE WHEN ?3 IS NULL \
    THEN EXISTS (SELECT 1 FROM caller WHERE issuer = ?1 AND client_id = ?4 AND epoch = ?5 AND disabled = 0) \
    ELSE EXISTS (SELECT 1 FROM grant WHERE id = ?3 AND issuer = ?1 AND ended_at IS NULL AND (client = ?4 \
        OR EXISTS (SELECT 1 FROM caller WHERE issuer = ?1 AND client_id = ?4 AND epoch = ?5 AND disabled = 0))) END";

const SESSION: &str = "SELECT digest, subject, authenticated_at, amr, seen_at, expires_at FROM session \
    WHERE id = ?1 AND issuer = ?2 AND ended_at IS NULL";

const SUBJECT: &str = "SELECT version FROM subject WHERE issuer = ?1 AND subject = ?2";

const INTERACTION: &str = "SELECT digest, browser, request, expires_at, used_at FROM interaction \
    WHERE id = ?1 AND issuer = ?2";

const CONSENT: &str = "SELECT subject, client, approved, given_at FROM consent WHERE issuer = ?1 AND subject = ?2 AND client = ?3";

const ITEM: &str = "SELECT value, until FROM item WHERE issuer = ?1 AND space = ?2 AND key = ?3";

const NEWEST: &str = "SELECT newest FROM issuer WHERE id = ?1";

impl SqliteIssuer {
    /// Reads at most one row.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&mut Columns<'_>) -> Result<T, Broken>,
    ) -> Result<Option<T>, Fault> {
        self.ask(|connection| one_row(connection, sql, values, read))
    }

    /// Reads a row through its grant and session.
    fn through<S, T>(
        &self,
        sql: &str,
        id: i64,
        read: impl FnOnce(&mut Columns<'_>) -> Result<T, Broken>,
    ) -> Result<Option<Stored<S, Through<T>>>, Fault> {
        self.row(sql, [id, self.id()], |columns| {
            let digest = columns.digest()?;
            let row = read(columns)?;
            let (grant, ended) = rows::grant(columns)?;
            let session_expires_at = columns.number_or_none()?.map(Timestamp);
            Ok(Stored::new(digest, Through { row, grant, ended, session_expires_at }))
        })
    }
}

/// The future of a commit. `Store::commit` is written out, because `async` would keep several copies of the commit in it.
type CommitFuture<'f> = Pin<Box<dyn Future<Output = Result<Result<Committed, Conflict>, Fault>> + Send + 'f>>;

#[async_trait]
impl Store for SqliteIssuer {
    async fn code(
        &self,
        code: Handle<AuthorizationCode>,
    ) -> Result<Option<Stored<AuthorizationCode, Through<Code>>>, Fault> {
        self.through(CODE, code.id, rows::code)
    }

    async fn access(
        &self,
        token: Handle<AccessToken>,
    ) -> Result<Option<Stored<AccessToken, AccessRead>>, Fault> {
        let (mark, key) = (self.readers().mark(), (self.id(), token.id));
        let tokens = &self.readers().tokens;
        let generation = match mark.map(|mark| tokens.find(mark, key)) {
            Some(Ok(row)) => return Ok(Some(row)),
            Some(Err(generation)) => Some(generation),
            None => None,
        };
        let read =
            self.readers().read_at(mark, |connection| access_token(connection, token.id, self.id()))?;
        if let (Some(generation), Some(row)) = (generation, &read) {
            tokens.keep(generation, key, row);
        }
        Ok(read)
    }

    async fn refresh(
        &self,
        family: FamilyId,
    ) -> Result<Option<Stored<RefreshToken, Through<Refresh>>>, Fault> {
        self.through(REFRESH, family.0, rows::refresh)
    }

    async fn deferred(
        &self,
        code: Handle<DeferredCode>,
    ) -> Result<Option<Stored<DeferredCode, DeferredRead>>, Fault> {
        deferred::through_grant(self, code.id)
    }

    async fn deferred_by_user_code(&self, code: &UserCode) -> Result<Option<(DeferredId, Deferred)>, Fault> {
        deferred::by_user_code(self, code)
    }

    async fn list_deferred(
        &self,
        subject: &Subject,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(DeferredId, Deferred)>, Fault> {
        self.ask(|connection| deferred::of_subject(connection, self.id(), subject, now, limit))
    }

    async fn jwt_ended(
        &self,
        jti: &JwtId,
        grant: Option<GrantId>,
        client: &ClientId,
        epoch: i64,
    ) -> Result<Option<Ended>, Fault> {
        let values = params![self.id(), jti.as_str(), grant.map(|grant| grant.0), client.as_str(), epoch];
        let found = self.row(JWT_ENDED, values, |columns| {
            let (token_ended, stands) = (columns.flag()?, columns.flag()?);
            Ok(ended(token_ended, stands, grant))
        })?;
        Ok(found.flatten())
    }

    async fn session(
        &self,
        token: Handle<SessionToken>,
    ) -> Result<Option<Stored<SessionToken, Session>>, Fault> {
        self.row(SESSION, [token.id, self.id()], |columns| {
            Ok(Stored::new(columns.digest()?, rows::session(columns)?))
        })
    }

    async fn subject(&self, subject: &Subject) -> Result<SeenSubject, Fault> {
        let found = self.row(SUBJECT, params![self.id(), subject.as_str()], |columns| columns.number())?;
        Ok(SeenSubject { subject: subject.clone(), version: found.unwrap_or_default() })
    }

    async fn interaction(
        &self,
        token: Handle<InteractionToken>,
    ) -> Result<Option<Stored<InteractionToken, Interaction>>, Fault> {
        self.row(INTERACTION, [token.id, self.id()], |columns| {
            Ok(Stored::new(columns.digest()?, rows::interaction(columns)?))
        })
    }

    async fn consent(&self, subject: &Subject, client: &ClientId) -> Result<Option<Consent>, Fault> {
        self.row(CONSENT, params![self.id(), subject.as_str(), client.as_str()], rows::consent)
    }

    async fn item(&self, space: &str, key: &str) -> Result<Option<(Vec<u8>, Timestamp)>, Fault> {
        self.row(ITEM, params![self.id(), space, key], |columns| {
            Ok((columns.bytes()?.to_vec(), columns.time()?))
        })
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Fault> {
        self.ask(|connection| registry::client(connection, self.id(), id))
    }

    async fn resources(&self) -> Result<Vec<Resource>, Fault> {
        self.ask(|connection| registry::resources(connection, self.id()))
    }

    async fn scopes(&self) -> Result<Vec<Scope>, Fault> {
        self.ask(|connection| registry::scopes(connection, self.id()))
    }

    async fn keys(&self) -> Result<Vec<KeyRecord>, Fault> {
        self.ask(|connection| registry::keys(connection, self.id()))
    }

    fn registry_version(&self) -> Result<RegistryVersion, Fault> {
        self.known_registry_version()
    }

    async fn clients_changed(&self, after: i64) -> Result<Option<Vec<ClientId>>, Fault> {
        self.ask(|connection| registry::changed(connection, self.id(), after))
    }

    async fn unused_clients(&self, now: Timestamp, limit: u32) -> Result<Vec<ClientId>, Fault> {
        self.ask(|connection| registry::unused(connection, self.id(), now, limit))
    }

    async fn list_clients(&self, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, Fault> {
        self.ask(|connection| registry::clients(connection, self.id(), after, limit))
    }

    async fn list_grants(
        &self,
        of: Option<&Of>,
        after: Option<GrantId>,
        limit: u32,
    ) -> Result<Vec<Grant>, Fault> {
        self.ask(|connection| lists::grants(connection, self.id(), of, after, limit))
    }

    async fn clients_of(&self, of: &Of) -> Result<Vec<ClientId>, Fault> {
        self.ask(|connection| lists::clients_of(connection, self.id(), of))
    }

    async fn list_sessions(
        &self,
        subject: Option<&Subject>,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionId, Session)>, Fault> {
        self.ask(|connection| lists::sessions(connection, self.id(), subject, after, limit))
    }

    async fn list_introspection_tokens(
        &self,
        caller: &ClientId,
        after: Option<TokenId>,
        limit: u32,
    ) -> Result<Vec<(Handle<AccessToken>, Access)>, Fault> {
        self.ask(|connection| lists::introspection_tokens(connection, self.id(), caller, after, limit))
    }

    async fn latest_event(&self) -> Result<i64, Fault> {
        self.ask(|connection| lists::latest_event(connection, self.id()))
    }

    async fn refusals(&self, request_id: &str) -> Result<Vec<RefusedRequest>, Fault> {
        self.ask(|connection| lists::refusals(connection, self.id(), request_id))
    }

    async fn events(&self, after: i64, limit: u32) -> Result<Vec<(i64, Event)>, Fault> {
        self.ask(|connection| lists::events(connection, self.id(), after, limit))
    }

    async fn newest(&self) -> Result<Timestamp, Fault> {
        let newest = self.row(NEWEST, [self.id()], |columns| columns.time())?;
        Ok(newest.unwrap_or_default())
    }

    fn commit<'s, 'f>(&'s self, commit: Commit) -> CommitFuture<'f>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(self.commit_all(Vec::new(), commit))
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        self.sweep_rows(now, limit).await
    }
}

fn access_token(
    connection: &Connection,
    id: i64,
    issuer: i64,
) -> Result<Option<Stored<AccessToken, AccessRead>>, Broken> {
    one_row(connection, ACCESS, [id, issuer], |columns| {
        let digest = columns.digest()?;
        let row = rows::access(columns)?;
        let (token_ended, stands) = (columns.flag()?, columns.flag()?);
        let ended = ended(token_ended, stands, row.grant);
        Ok(Stored::new(digest, AccessRead { row, ended }))
    })
}

/// Reads at most one row.
fn one_row<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnOnce(&mut Columns<'_>) -> Result<T, Broken>,
) -> Result<Option<T>, Broken> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    rows.next()?.map(|row| read(&mut Columns::of(row))).transpose()
}

/// What ended a token: its own revocation, or the end of its grant or caller.
fn ended(token_ended: bool, stands: bool, grant: Option<GrantId>) -> Option<Ended> {
    if token_ended {
        return Some(Ended::Token);
    }
    (!stands).then(|| grant.map_or(Ended::Client, |_| Ended::Grant))
}
