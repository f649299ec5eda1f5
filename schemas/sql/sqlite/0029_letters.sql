-- Letters that wait for the mail server, sealed: who they are for and what they say opens with the master key alone. One that was sent
-- keeps its name until it expires, so that it is not written again. `due` is when the next try may begin.
CREATE TABLE letter (
    id      TEXT    NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL,
    person  TEXT,
    doc     TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    tries   INTEGER NOT NULL DEFAULT 0,
    due     INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX letter_due ON letter (due);
CREATE INDEX letter_expires ON letter (expires);
CREATE INDEX letter_kind ON letter (kind);
CREATE INDEX letter_person ON letter (person) WHERE person IS NOT NULL;

-- The end of which those who manage a space were reminded; another end is another reminder.
ALTER TABLE space ADD COLUMN reminded INTEGER;
CREATE INDEX space_ends ON space (ends) WHERE closed = 0;
