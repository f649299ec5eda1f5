-- Stops that were lifted lately, and by whom: those who read of the stop read of that. Who it was by name is in the journal; `why` is what an
-- operator said.
CREATE TABLE guest_lift (
    host   TEXT    NOT NULL,
    whom   TEXT    NOT NULL,
    space  TEXT    NOT NULL,
    person TEXT    NOT NULL,
    lifter TEXT    NOT NULL,
    why    TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (host, whom, space)
) STRICT, WITHOUT ROWID;
CREATE INDEX guest_lift_person ON guest_lift (person) WHERE person <> '';

-- Which conventions are for which establishments of ours; '' where one is for all.
CREATE TABLE convention_school (
    establishment TEXT NOT NULL,
    convention    TEXT NOT NULL,
    PRIMARY KEY (establishment, convention)
) STRICT, WITHOUT ROWID;
CREATE INDEX convention_school_of ON convention_school (convention);
INSERT OR IGNORE INTO convention_school (establishment, convention)
    SELECT school.value, convention.id FROM convention, json_each(convention.doc, '$.ours') AS school;
INSERT INTO convention_school (establishment, convention)
    SELECT '', id FROM convention WHERE coalesce(json_array_length(doc, '$.ours'), 0) = 0;

-- Where the head of an establishment said yes to lists of guests that are written there, by a convention whose other party signs none.
CREATE TABLE guest_typing (
    host       TEXT NOT NULL,
    convention TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (host, convention)
) STRICT, WITHOUT ROWID;
