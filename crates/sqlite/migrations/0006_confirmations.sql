-- The keys that tokens are bound to (`cnf`): null where they are for whoever bears them, as all were before this step.
ALTER TABLE access ADD COLUMN confirmation BLOB;
ALTER TABLE refresh ADD COLUMN confirmation BLOB;
-- The key that the authorization request named (`dpop_jkt`), as its 32 bytes.
ALTER TABLE code ADD COLUMN dpop_jkt BLOB;
