-- The run that wrote a row last. What that run wrote stands as long as its name does.
ALTER TABLE person ADD COLUMN written TEXT COLLATE "C";
ALTER TABLE establishment ADD COLUMN written TEXT COLLATE "C";

-- Rows as they were before a run changed them, for as long as it may be undone. A person's `key` is the join key, an
-- establishment's its number.
CREATE TABLE before_run (
    run            TEXT COLLATE "C" NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL,
    key            TEXT COLLATE "C" NOT NULL,
    expires        BIGINT  NOT NULL,
    written        TEXT COLLATE "C",
    login          TEXT COLLATE "C",
    state          TEXT COLLATE "C",
    digest         TEXT COLLATE "C",
    establishments TEXT COLLATE "C",
    mail           TEXT COLLATE "C",
    doc            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run, kind, key)
);
CREATE INDEX before_run_expires ON before_run (expires);
