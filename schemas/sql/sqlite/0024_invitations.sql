-- Somebody may be a guest by several conventions at once: what one of them gives ends with it, and the account goes on by the other.
CREATE TABLE guest_by_convention (
    person     TEXT    NOT NULL,
    convention TEXT    NOT NULL REFERENCES convention (id),
    batch      TEXT    NOT NULL,
    ends       INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    ended      INTEGER,
    doc        TEXT    NOT NULL,
    PRIMARY KEY (person, convention)
) STRICT, WITHOUT ROWID;
INSERT INTO guest_by_convention SELECT person, convention, batch, ends, used, ended, doc FROM guest;
DROP TABLE guest;
ALTER TABLE guest_by_convention RENAME TO guest;
CREATE INDEX guest_convention ON guest (convention, person);
CREATE INDEX guest_batch ON guest (batch, person);

-- The spaces that an establishment answers for.
CREATE INDEX space_host ON space (host, id);

-- Lists of guests, taken in or sent: each once, by whom, and whether it was taken back.
CREATE TABLE guest_list (
    convention TEXT    NOT NULL REFERENCES convention (id),
    id         TEXT    NOT NULL,
    sent       INTEGER NOT NULL,
    space      TEXT    NOT NULL,
    home       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    withdrawn  INTEGER,
    doc        TEXT    NOT NULL,
    PRIMARY KEY (convention, id, sent)
) STRICT, WITHOUT ROWID;
CREATE INDEX guest_list_space ON guest_list (space, at) WHERE sent = 0;
CREATE INDEX guest_list_home ON guest_list (home, at) WHERE sent = 1;
