-- What a few grants and tokens hold beside scopes and audience, as JSON.
ALTER TABLE grant ADD COLUMN details TEXT;
ALTER TABLE access ADD COLUMN details TEXT;
