-- Passwords that live here of people who come from a source: the login they chose, and the hash.
CREATE TABLE credential (
    person TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    login  TEXT COLLATE "C" NOT NULL UNIQUE,
    hash   TEXT COLLATE "C" NOT NULL,
    since  BIGINT           NOT NULL
);

-- The code by which somebody chooses a password, by its digest; one for each person, and good once.
CREATE TABLE activation (
    person  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    code    TEXT COLLATE "C" NOT NULL UNIQUE,
    made    BIGINT           NOT NULL,
    expires BIGINT           NOT NULL,
    made_by TEXT COLLATE "C"
);

-- Which versions of the charte somebody accepted, and when.
CREATE TABLE accepted (
    person  TEXT COLLATE "C" NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    version TEXT COLLATE "C" NOT NULL,
    at      BIGINT           NOT NULL,
    PRIMARY KEY (person, version)
);
