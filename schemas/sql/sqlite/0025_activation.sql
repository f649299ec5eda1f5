-- Passwords that live here of people who come from a source: the login they chose, and the hash.
CREATE TABLE credential (
    person TEXT    NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    login  TEXT    NOT NULL UNIQUE,
    hash   TEXT    NOT NULL,
    since  INTEGER NOT NULL
) STRICT;

-- The code by which somebody chooses a password, by its digest; one for each person, and good once.
CREATE TABLE activation (
    person  TEXT    NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    code    TEXT    NOT NULL UNIQUE,
    made    INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    made_by TEXT
) STRICT;

-- Which versions of the charte somebody accepted, and when.
CREATE TABLE accepted (
    person  TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    version TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (person, version)
) STRICT, WITHOUT ROWID;
