-- Conventions between this ENT and others. What decides stands in columns, the whole in `doc`.
CREATE TABLE convention (
    id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state  TEXT COLLATE "C" NOT NULL,
    begins BIGINT NOT NULL,
    ends   BIGINT NOT NULL,
    quota  BIGINT NOT NULL,
    doc    TEXT COLLATE "C" NOT NULL
);

-- A collège and its écoles.
CREATE TABLE school_pair (
    college TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    doc     TEXT COLLATE "C" NOT NULL
);

-- Shared spaces.
CREATE TABLE space (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    host       TEXT COLLATE "C" NOT NULL,
    convention TEXT COLLATE "C" REFERENCES convention (id),
    services   TEXT COLLATE "C" NOT NULL,
    begins     BIGINT NOT NULL,
    ends       BIGINT NOT NULL,
    closed     BIGINT NOT NULL,
    doc        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX space_convention ON space (convention) WHERE convention IS NOT NULL;

-- Who is in a space: a class or group of an establishment (batch ''), or somebody by name, with the list that brought them.
CREATE TABLE space_member (
    member TEXT COLLATE "C" NOT NULL,
    space  TEXT COLLATE "C" NOT NULL REFERENCES space (id),
    role   TEXT COLLATE "C" NOT NULL,
    batch  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (member, space)
);
CREATE INDEX space_member_space ON space_member (space);
CREATE INDEX space_member_batch ON space_member (batch) WHERE batch <> '';

-- Guests of other ENTs: what is known of them besides their account.
CREATE TABLE guest (
    person     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    convention TEXT COLLATE "C" NOT NULL REFERENCES convention (id),
    batch      TEXT COLLATE "C" NOT NULL,
    ends       BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    ended      BIGINT,
    doc        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX guest_convention ON guest (convention) WHERE ended IS NULL;
CREATE INDEX guest_batch ON guest (batch);
