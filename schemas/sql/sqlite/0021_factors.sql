-- What people prove themselves with besides a password: passkeys, secrets of applications that make codes (sealed), and codes on paper
-- (by their digest). The name of one is nobody else's.
CREATE TABLE factor (
    id      TEXT    NOT NULL PRIMARY KEY,
    person  TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    kind    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    doc     TEXT    NOT NULL,
    counter INTEGER NOT NULL,
    added   INTEGER NOT NULL,
    used    INTEGER
) STRICT;
CREATE INDEX factor_person ON factor (person);
