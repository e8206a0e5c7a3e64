-- Everything that is remembered, for any number of issuers.
--
-- Hot tables (access, code, refresh, grant, session, interaction) have the time-ordered id alone as their key, so
-- that rows are appended; `issuer` is compared by every statement. All other keys begin with the issuer.
-- Times are seconds since 1970. `audience` and `scopes` are separated by single spaces.

PRAGMA application_id = 0x50535654;

-- `newest`: the newest time that a commit carried. `registry`: moves with clients, resources, scopes and keys.
CREATE TABLE issuer (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    newest INTEGER NOT NULL DEFAULT 0,
    registry INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE grant (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    subject TEXT NOT NULL,
    client TEXT NOT NULL,
    session INTEGER,
    offline INTEGER NOT NULL,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    narrowed INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    amr TEXT NOT NULL,
    approved_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX grant_by_subject ON grant (issuer, subject) WHERE ended_at IS NULL;
CREATE INDEX grant_by_client ON grant (issuer, client) WHERE ended_at IS NULL;
CREATE INDEX grant_by_session ON grant (issuer, session) WHERE session IS NOT NULL AND ended_at IS NULL;

CREATE TABLE code (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    grant_id INTEGER NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT,
    nonce TEXT,
    used_at INTEGER,
    tries INTEGER NOT NULL
) STRICT;

-- `expires_in` counts from `issued_at`, which saves bytes in the largest table.
CREATE TABLE access (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    issued_at INTEGER NOT NULL,
    expires_in INTEGER NOT NULL,
    grant_id INTEGER,
    client TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    subject TEXT,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    narrowed INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE refresh (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    grant_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    key INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    subject TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    amr TEXT NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_subject ON session (issuer, subject) WHERE ended_at IS NULL;

CREATE TABLE interaction (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    browser BLOB NOT NULL CHECK (length(browser) = 32),
    request TEXT NOT NULL
) STRICT;

CREATE TABLE consent (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    subject TEXT NOT NULL,
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject, client)
) STRICT, WITHOUT ROWID;

-- JWT access tokens that were revoked before their `exp`.
CREATE TABLE revoked_jwt (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    jti TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_jwt_by_end ON revoked_jwt (issuer, expires_at);

-- What may be seen only once.
CREATE TABLE once (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    space TEXT NOT NULL,
    key TEXT NOT NULL CHECK (length(key) <= 64),
    until INTEGER NOT NULL,
    PRIMARY KEY (issuer, space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX once_by_end ON once (issuer, until);

-- Values of grants from outside.
CREATE TABLE item (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (issuer, space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_by_end ON item (issuer, until);

-- The credentials behind a client_id: a client's, a resource's, or one for both.
CREATE TABLE caller (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    client_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    secret_digest BLOB CHECK (length(secret_digest) = 32),
    secret_sealed BLOB,
    PRIMARY KEY (issuer, client_id)
) STRICT, WITHOUT ROWID;

-- `metadata`, `settings` and `record` are JSON.
CREATE TABLE client (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    id TEXT NOT NULL,
    metadata TEXT NOT NULL,
    require_pkce INTEGER NOT NULL,
    skip_consent INTEGER NOT NULL,
    applied INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (issuer, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    identifier TEXT NOT NULL,
    client_id TEXT,
    settings TEXT NOT NULL,
    applied INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (issuer, identifier)
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_by_client ON resource (issuer, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE scope (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    scope TEXT NOT NULL,
    record TEXT NOT NULL,
    applied INTEGER NOT NULL,
    PRIMARY KEY (issuer, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_key (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'active', 'retiring')),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    PRIMARY KEY (issuer, kid)
) STRICT, WITHOUT ROWID;

-- The outbox. A cursor is never given twice.
CREATE TABLE event (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    cursor INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    subject TEXT,
    client TEXT,
    detail TEXT NOT NULL,
    PRIMARY KEY (issuer, cursor)
) STRICT, WITHOUT ROWID;

-- `canonical` is the one spelling of the username that is compared.
CREATE TABLE account (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    subject TEXT NOT NULL,
    username TEXT NOT NULL,
    canonical TEXT NOT NULL,
    password TEXT,
    disabled INTEGER NOT NULL,
    claims TEXT NOT NULL,
    applied INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX account_by_username ON account (issuer, canonical);
