-- When a signing key began to sign or will begin. Keys from before this step signed as soon as they were created.
ALTER TABLE signing_key ADD COLUMN active_at INTEGER NOT NULL DEFAULT 0;
UPDATE signing_key SET active_at = created_at;
