-- Subjects that were ended at least once, each with the number of its ends. Whatever began before the last of them is
-- not written any more. A subject without a row was never ended.
CREATE TABLE subject (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

-- Who had it done, in which request, and why something ended. Events from before this step have none of them.
ALTER TABLE event ADD COLUMN actor TEXT;
ALTER TABLE event ADD COLUMN request_id TEXT;
ALTER TABLE event ADD COLUMN why TEXT;
