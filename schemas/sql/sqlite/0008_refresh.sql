-- A refresh token that names its family stands in the row of that family, which knows the latest one: each rotation then changes one
-- row, and nothing is kept of those that were spent. `refresh_doc` is NULL where it is `doc`. Rows stand in the order in which they
-- were written, so that a new one touches a page that was touched before.
CREATE TABLE family_in_order (
    id              TEXT    NOT NULL PRIMARY KEY,
    session         TEXT    REFERENCES session (id) ON DELETE CASCADE,
    person          TEXT,
    expires         INTEGER NOT NULL,
    service         TEXT,
    doc             TEXT,
    refresh         TEXT,
    refresh_doc     TEXT,
    refresh_issued  INTEGER,
    refresh_expires INTEGER
) STRICT;
INSERT INTO family_in_order (id, session, person, expires, service, doc)
    SELECT id, session, person, expires, service, doc FROM token_family ORDER BY expires;
CREATE TABLE token_of_family (
    id      TEXT    NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL,
    family  TEXT    NOT NULL REFERENCES family_in_order (id) ON DELETE CASCADE,
    service TEXT    NOT NULL,
    doc     TEXT    NOT NULL,
    issued  INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    spent   INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO token_of_family (id, kind, family, service, doc, issued, expires, spent)
    SELECT id, kind, family, service, doc, issued, expires, spent FROM token;
DROP TABLE token;
DROP TABLE token_family;
ALTER TABLE family_in_order RENAME TO token_family;
ALTER TABLE token_of_family RENAME TO token;
CREATE INDEX token_family_session ON token_family (session) WHERE session IS NOT NULL;
CREATE INDEX token_family_person ON token_family (person) WHERE session IS NULL;
CREATE INDEX token_family_of ON token (family, expires);

-- A family in a session falls with it: only the others are looked for when they end.
CREATE INDEX token_family_expires ON token_family (expires) WHERE session IS NULL;
