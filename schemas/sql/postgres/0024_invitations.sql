-- Somebody may be a guest by several conventions at once: what one of them gives ends with it, and the account goes on by the other.
CREATE TABLE guest_by_convention (
    person     TEXT COLLATE "C" NOT NULL,
    convention TEXT COLLATE "C" NOT NULL REFERENCES convention (id),
    batch      TEXT COLLATE "C" NOT NULL,
    ends       BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    ended      BIGINT,
    doc        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (person, convention)
);
INSERT INTO guest_by_convention SELECT person, convention, batch, ends, used, ended, doc FROM guest;
DROP TABLE guest;
ALTER TABLE guest_by_convention RENAME TO guest;
CREATE INDEX guest_convention ON guest (convention, person);
CREATE INDEX guest_batch ON guest (batch, person);

-- The spaces that an establishment answers for.
CREATE INDEX space_host ON space (host, id);

-- Lists of guests, taken in or sent: each once, by whom, and whether it was taken back.
CREATE TABLE guest_list (
    convention TEXT COLLATE "C" NOT NULL REFERENCES convention (id),
    id         TEXT COLLATE "C" NOT NULL,
    sent       BIGINT NOT NULL,
    space      TEXT COLLATE "C" NOT NULL,
    home       TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    withdrawn  BIGINT,
    doc        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (convention, id, sent)
);
CREATE INDEX guest_list_space ON guest_list (space, at) WHERE sent = 0;
CREATE INDEX guest_list_home ON guest_list (home, at) WHERE sent = 1;
