-- Who acts for the subject of a token (`act`), as JSON: null where nobody does, as in all tokens before this step.
ALTER TABLE access ADD COLUMN act TEXT;
