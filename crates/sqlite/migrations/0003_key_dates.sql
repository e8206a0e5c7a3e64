-- When a signing key began to sign or will begin. Keys from before this step signed as soon as they were created.
ALTER TABLE signing_key ADD COLUMN active_at INTEGER NOT NULL DEFAULT 0;
UPDATE signing_key SET active_at = created_at;

-- Consent is remembered for a scope at a resource: one line `scope resource` for each resource that lists the scope, or
-- `scope` alone where none does. What was remembered by scope alone becomes what the audience rule makes of it now: the
-- resources that list the scope when this step runs. A resource that lists it later is asked for.
ALTER TABLE consent ADD COLUMN approved TEXT NOT NULL DEFAULT '';
UPDATE consent SET approved = coalesce((
    SELECT group_concat(one.value || coalesce(' ' || resource.identifier, ''), char(10))
    FROM json_each('["' || replace(consent.scopes, ' ', '","') || '"]') AS one
    LEFT JOIN resource ON resource.issuer = consent.issuer AND EXISTS (
        SELECT 1 FROM json_each(resource.settings, '$.scopes') AS listed WHERE listed.value = one.value)
    WHERE one.value <> ''), '');
ALTER TABLE consent DROP COLUMN scopes;

-- The few tokens by which resources introspect can be listed. Other tokens are not in it.
CREATE INDEX access_that_introspects ON access (issuer, client) WHERE scopes = 'introspection';
