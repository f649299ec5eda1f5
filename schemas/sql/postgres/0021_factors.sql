-- What people prove themselves with besides a password: passkeys, secrets of applications that make codes (sealed), and codes on paper
-- (by their digest). The name of one is nobody else's.
CREATE TABLE factor (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    person  TEXT COLLATE "C" NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    kind    TEXT COLLATE "C" NOT NULL,
    name    TEXT COLLATE "C" NOT NULL,
    doc     TEXT COLLATE "C" NOT NULL,
    counter BIGINT           NOT NULL,
    added   BIGINT           NOT NULL,
    used    BIGINT
);
CREATE INDEX factor_person ON factor (person);
