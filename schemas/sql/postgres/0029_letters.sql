-- Letters that wait for the mail server, sealed: who they are for and what they say opens with the master key alone. One that was sent
-- keeps its name until it expires, so that it is not written again. `due` is when the next try may begin.
CREATE TABLE letter (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind    TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C",
    doc     TEXT COLLATE "C" NOT NULL,
    at      BIGINT           NOT NULL,
    tries   BIGINT           NOT NULL DEFAULT 0,
    due     BIGINT           NOT NULL,
    expires BIGINT           NOT NULL
);
CREATE INDEX letter_due ON letter (due);
CREATE INDEX letter_expires ON letter (expires);
CREATE INDEX letter_kind ON letter (kind);
CREATE INDEX letter_person ON letter (person) WHERE person IS NOT NULL;

-- The end of which those who manage a space were reminded; another end is another reminder.
ALTER TABLE space ADD COLUMN reminded BIGINT;
CREATE INDEX space_ends ON space (ends) WHERE closed = 0;
