-- Conventions between this ENT and others. What decides stands in columns, the whole in `doc`.
CREATE TABLE convention (
    id     TEXT    NOT NULL PRIMARY KEY,
    state  TEXT    NOT NULL,
    begins INTEGER NOT NULL,
    ends   INTEGER NOT NULL,
    quota  INTEGER NOT NULL,
    doc    TEXT    NOT NULL
) STRICT;

-- A collège and its écoles.
CREATE TABLE school_pair (
    college TEXT NOT NULL PRIMARY KEY,
    doc     TEXT NOT NULL
) STRICT;

-- Shared spaces.
CREATE TABLE space (
    id         TEXT    NOT NULL PRIMARY KEY,
    host       TEXT    NOT NULL,
    convention TEXT REFERENCES convention (id),
    services   TEXT    NOT NULL,
    begins     INTEGER NOT NULL,
    ends       INTEGER NOT NULL,
    closed     INTEGER NOT NULL,
    doc        TEXT    NOT NULL
) STRICT;
CREATE INDEX space_convention ON space (convention) WHERE convention IS NOT NULL;

-- Who is in a space: a class or group of an establishment (batch ''), or somebody by name, with the list that brought them.
CREATE TABLE space_member (
    member TEXT NOT NULL,
    space  TEXT NOT NULL REFERENCES space (id),
    role   TEXT NOT NULL,
    batch  TEXT NOT NULL,
    PRIMARY KEY (member, space)
) STRICT, WITHOUT ROWID;
CREATE INDEX space_member_space ON space_member (space);
CREATE INDEX space_member_batch ON space_member (batch) WHERE batch <> '';

-- Guests of other ENTs: what is known of them besides their account.
CREATE TABLE guest (
    person     TEXT    NOT NULL PRIMARY KEY,
    convention TEXT    NOT NULL REFERENCES convention (id),
    batch      TEXT    NOT NULL,
    ends       INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    ended      INTEGER,
    doc        TEXT    NOT NULL
) STRICT;
CREATE INDEX guest_convention ON guest (convention) WHERE ended IS NULL;
CREATE INDEX guest_batch ON guest (batch);
