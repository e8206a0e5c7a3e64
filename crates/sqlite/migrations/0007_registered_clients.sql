-- Who registered a client (`self-registered` and `metadata document` are its own doing), when, until when it is kept if it
-- gets no token, the digest of its registration access token, and when its document is fetched again.
ALTER TABLE client ADD COLUMN provenance TEXT NOT NULL DEFAULT 'operator'
    CHECK (provenance IN ('operator', 'self-registered', 'metadata document'));
ALTER TABLE client ADD COLUMN registered_at INTEGER;
ALTER TABLE client ADD COLUMN unused_until INTEGER;
ALTER TABLE client ADD COLUMN registration_token BLOB;
ALTER TABLE client ADD COLUMN fresh_until INTEGER;
CREATE INDEX client_unused ON client (issuer, unused_until) WHERE unused_until IS NOT NULL;

-- `registry` moves with resources, scopes and keys from now on, and `clients` with clients, whose latest changes are here:
-- what is cached of the others stays cached.
ALTER TABLE issuer ADD COLUMN clients INTEGER NOT NULL DEFAULT 1;
CREATE TABLE client_change (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    version INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (issuer, version)
) STRICT, WITHOUT ROWID;
