-- The tables of Préau on PostgreSQL. The file of the same name in ../sqlite holds the same tables and columns.
-- Ids are TEXT, compared byte by byte; instants are milliseconds since 1970, UTC; structured values are JSON in TEXT.

-- Accounts. `id`, `source`, `join_key` and `state` are the truth; the same facts inside `doc` are not read.
-- `establishments` holds national numbers, ordered, each once, separated by one space.
CREATE TABLE person (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source         TEXT COLLATE "C",
    join_key       TEXT COLLATE "C",
    login          TEXT COLLATE "C",
    state          TEXT COLLATE "C" NOT NULL,
    digest         TEXT COLLATE "C",
    establishments TEXT COLLATE "C" NOT NULL,
    password_hash  TEXT,
    doc            TEXT NOT NULL
);
CREATE UNIQUE INDEX person_join ON person (source, join_key);
CREATE INDEX person_login ON person (login);
CREATE UNIQUE INDEX person_local_login ON person (login) WHERE source IS NULL;

CREATE TABLE establishment (
    uai TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL
);

CREATE TABLE pending (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL,
    doc     TEXT NOT NULL
);
CREATE INDEX pending_expires ON pending (expires);

CREATE TABLE session (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    person         TEXT COLLATE "C" NOT NULL,
    authentication TEXT NOT NULL,
    establishment  TEXT COLLATE "C",
    created        BIGINT NOT NULL,
    expires        BIGINT NOT NULL,
    last_seen      BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_expires ON session (expires);

-- A ticket or a visit without its session cannot exist: the end of a session is the end of both.
CREATE TABLE ticket (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind    TEXT COLLATE "C" NOT NULL,
    session TEXT COLLATE "C" NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    person  TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    payload TEXT NOT NULL,
    issued  BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX ticket_session ON ticket (session);
CREATE INDEX ticket_expires ON ticket (expires);

CREATE TABLE visit (
    seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session  TEXT COLLATE "C" NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    protocol TEXT COLLATE "C" NOT NULL,
    service  TEXT COLLATE "C" NOT NULL,
    notice   TEXT NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX visit_session ON visit (session);

-- `previous` is the value of `touched` before the latest attempt, so that an attempt can be taken back.
CREATE TABLE throttle (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures   BIGINT NOT NULL,
    touched    BIGINT NOT NULL,
    previous   BIGINT NOT NULL,
    not_before BIGINT NOT NULL
);
CREATE INDEX throttle_touched ON throttle (touched);

CREATE TABLE device (
    id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seen BIGINT NOT NULL
);
CREATE INDEX device_seen ON device (seen);

-- The journal, in the order it was handed over.
CREATE TABLE audit (
    seq           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            BIGINT NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    correlation   TEXT COLLATE "C" NOT NULL,
    person        TEXT COLLATE "C",
    session       TEXT COLLATE "C",
    service       TEXT COLLATE "C",
    establishment TEXT COLLATE "C",
    detail        TEXT NOT NULL
);
CREATE INDEX audit_correlation ON audit (correlation);
CREATE INDEX audit_person ON audit (person, seq) WHERE person IS NOT NULL;

CREATE TABLE run (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source   TEXT COLLATE "C" NOT NULL,
    started  BIGINT NOT NULL,
    finished BIGINT,
    outcome  TEXT COLLATE "C" NOT NULL,
    report   TEXT NOT NULL
);
CREATE INDEX run_source ON run (source, started);

CREATE TABLE lease (
    name    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder  TEXT COLLATE "C" NOT NULL,
    expires BIGINT NOT NULL
);
