-- Whom to tell that a session ended is found by its grants, which ended with it.
DROP INDEX grant_by_session;
CREATE INDEX grant_by_session ON grant (issuer, session) WHERE session IS NOT NULL;
DROP INDEX grant_by_subject;
CREATE INDEX grant_by_subject ON grant (issuer, subject);
