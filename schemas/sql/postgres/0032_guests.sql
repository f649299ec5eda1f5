-- Who is kept out of the spaces of an establishment until somebody there lifts it: `guest/` and the key of their account, or `convention/` and
-- its name. `space` is '' where it is for every space of the establishment; `person` goes with the account, the key stays.
CREATE TABLE guest_stop (
    host   TEXT COLLATE "C" NOT NULL,
    whom   TEXT COLLATE "C" NOT NULL,
    space  TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    head   BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (host, whom, space)
);
CREATE INDEX guest_stop_person ON guest_stop (person) WHERE person <> '';

-- When a guest is to be looked at again: never after their time is over. What may shorten it puts it to 0.
ALTER TABLE guest ADD COLUMN due BIGINT NOT NULL DEFAULT 0;
CREATE INDEX guest_due ON guest (due) WHERE ended IS NULL;

-- The écoles of a sector, by its collège.
CREATE INDEX establishment_sector ON establishment ((doc::json ->> 'sector') COLLATE "C", uai) WHERE doc::json ->> 'sector' IS NOT NULL;
