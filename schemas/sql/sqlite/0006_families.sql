-- What the tokens of a family have in common is written once, with the family: NULL where an earlier version wrote it. A
-- token whose `doc` is `=` says the same.
ALTER TABLE token_family ADD COLUMN service TEXT;
ALTER TABLE token_family ADD COLUMN doc TEXT;

-- An index costs a page of every commit. Families in a session are found by their session; tokens that expired are taken
-- away by the next rotation of their family, or fall with it.
DROP INDEX token_family_person;
CREATE INDEX token_family_person ON token_family (person) WHERE session IS NULL;
DROP INDEX token_expires;
DROP INDEX token_family_of;
CREATE INDEX token_family_of ON token (family, expires);
