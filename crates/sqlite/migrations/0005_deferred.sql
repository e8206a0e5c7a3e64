-- Requests that their user answers elsewhere, while the client polls: device authorizations (with a user code) and
-- backchannel authentication requests (with a subject).
CREATE TABLE deferred (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    user_code TEXT,
    subject TEXT,
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    narrowed INTEGER NOT NULL,
    facts TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Set when it was answered: with a grant, or denied without one.
    answered_at INTEGER,
    grant_id INTEGER,
    used_at INTEGER,
    CHECK ((user_code IS NULL) <> (subject IS NULL))
) STRICT;
CREATE UNIQUE INDEX deferred_by_user_code ON deferred (issuer, user_code) WHERE user_code IS NOT NULL;
CREATE INDEX deferred_by_subject ON deferred (issuer, subject) WHERE subject IS NOT NULL AND answered_at IS NULL;
