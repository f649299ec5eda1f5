-- The run that wrote a row last. What that run wrote stands as long as its name does.
ALTER TABLE person ADD COLUMN written TEXT;
ALTER TABLE establishment ADD COLUMN written TEXT;

-- Rows as they were before a run changed them, for as long as it may be undone. A person's `key` is the join key, an
-- establishment's its number.
CREATE TABLE before_run (
    run            TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    expires        INTEGER NOT NULL,
    written        TEXT,
    login          TEXT,
    state          TEXT,
    digest         TEXT,
    establishments TEXT,
    mail           TEXT,
    doc            TEXT    NOT NULL,
    PRIMARY KEY (run, kind, key)
) STRICT;
CREATE INDEX before_run_expires ON before_run (expires);
