-- A refresh token that names its family stands in the row of that family, which knows the latest one: each rotation then changes one
-- row, and nothing is kept of those that were spent. `refresh_doc` is NULL where it is `doc`.
ALTER TABLE token_family ADD COLUMN refresh TEXT COLLATE "C";
ALTER TABLE token_family ADD COLUMN refresh_doc TEXT;
ALTER TABLE token_family ADD COLUMN refresh_issued BIGINT;
ALTER TABLE token_family ADD COLUMN refresh_expires BIGINT;

-- A family in a session falls with it: only the others are looked for when they end.
DROP INDEX token_family_expires;
CREATE INDEX token_family_expires ON token_family (expires) WHERE session IS NULL;
