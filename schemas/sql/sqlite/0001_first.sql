-- The tables of Préau on SQLite. The file of the same name in ../postgres holds the same tables and columns.
-- Ids are TEXT, compared byte by byte; instants are milliseconds since 1970, UTC; structured values are JSON in TEXT.

-- Accounts. `id`, `source`, `join_key` and `state` are the truth; the same facts inside `doc` are not read.
-- `establishments` holds national numbers, ordered, each once, separated by one space.
CREATE TABLE person (
    id             TEXT NOT NULL PRIMARY KEY,
    source         TEXT,
    join_key       TEXT,
    login          TEXT,
    state          TEXT NOT NULL,
    digest         TEXT,
    establishments TEXT NOT NULL,
    password_hash  TEXT,
    doc            TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX person_join ON person (source, join_key);
CREATE INDEX person_login ON person (login);
CREATE UNIQUE INDEX person_local_login ON person (login) WHERE source IS NULL;

CREATE TABLE establishment (
    uai TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE pending (
    id      TEXT    NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL,
    doc     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_expires ON pending (expires);

CREATE TABLE session (
    id             TEXT    NOT NULL PRIMARY KEY,
    person         TEXT    NOT NULL,
    authentication TEXT    NOT NULL,
    establishment  TEXT,
    created        INTEGER NOT NULL,
    expires        INTEGER NOT NULL,
    last_seen      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_person ON session (person);
CREATE INDEX session_expires ON session (expires);

-- A ticket or a visit without its session cannot exist: the end of a session is the end of both.
CREATE TABLE ticket (
    id      TEXT    NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL,
    session TEXT    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    person  TEXT    NOT NULL,
    service TEXT    NOT NULL,
    payload TEXT    NOT NULL,
    issued  INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_session ON ticket (session);
CREATE INDEX ticket_expires ON ticket (expires);

CREATE TABLE visit (
    seq      INTEGER NOT NULL PRIMARY KEY,
    session  TEXT    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    protocol TEXT    NOT NULL,
    service  TEXT    NOT NULL,
    notice   TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX visit_session ON visit (session);

-- `previous` is the value of `touched` before the latest attempt, so that an attempt can be taken back.
CREATE TABLE throttle (
    id         TEXT    NOT NULL PRIMARY KEY,
    failures   INTEGER NOT NULL,
    touched    INTEGER NOT NULL,
    previous   INTEGER NOT NULL,
    not_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_touched ON throttle (touched);

CREATE TABLE device (
    id   TEXT    NOT NULL PRIMARY KEY,
    seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_seen ON device (seen);

-- The journal, in the order it was handed over.
CREATE TABLE audit (
    seq           INTEGER NOT NULL PRIMARY KEY,
    at            INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    correlation   TEXT    NOT NULL,
    person        TEXT,
    session       TEXT,
    service       TEXT,
    establishment TEXT,
    detail        TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_correlation ON audit (correlation);
CREATE INDEX audit_person ON audit (person, seq) WHERE person IS NOT NULL;

CREATE TABLE run (
    id       TEXT    NOT NULL PRIMARY KEY,
    source   TEXT    NOT NULL,
    started  INTEGER NOT NULL,
    finished INTEGER,
    outcome  TEXT    NOT NULL,
    report   TEXT    NOT NULL
) STRICT;
CREATE INDEX run_source ON run (source, started);

CREATE TABLE lease (
    name    TEXT    NOT NULL PRIMARY KEY,
    holder  TEXT    NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
