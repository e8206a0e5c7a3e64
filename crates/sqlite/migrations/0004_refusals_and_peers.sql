-- Refused requests of the last days. The oldest make room: numbers of one issuer are consecutive.
CREATE TABLE refusal (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    number INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    route TEXT NOT NULL,
    status INTEGER NOT NULL,
    reason TEXT NOT NULL,
    client TEXT,
    subject TEXT,
    peer TEXT,
    -- What of the request differs, what was sent, what was expected, and what was sent with the difference marked.
    what TEXT,
    sent TEXT,
    expected TEXT,
    marked TEXT,
    PRIMARY KEY (issuer, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX refusal_of_request ON refusal (issuer, request_id);

-- The address that a request came from. Events from before this step have none.
ALTER TABLE event ADD COLUMN peer TEXT;
