-- Stops that were lifted lately, and by whom: those who read of the stop read of that. Who it was by name is in the journal; `why` is what an
-- operator said.
CREATE TABLE guest_lift (
    host   TEXT COLLATE "C" NOT NULL,
    whom   TEXT COLLATE "C" NOT NULL,
    space  TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    lifter TEXT COLLATE "C" NOT NULL,
    why    TEXT COLLATE "C" NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (host, whom, space)
);
CREATE INDEX guest_lift_person ON guest_lift (person) WHERE person <> '';

-- Which conventions are for which establishments of ours; '' where one is for all.
CREATE TABLE convention_school (
    establishment TEXT COLLATE "C" NOT NULL,
    convention    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (establishment, convention)
);
CREATE INDEX convention_school_of ON convention_school (convention);
INSERT INTO convention_school (establishment, convention)
    SELECT school, convention.id FROM convention, json_array_elements_text(convention.doc::json -> 'ours') AS school
    ON CONFLICT DO NOTHING;
INSERT INTO convention_school (establishment, convention)
    SELECT '', id FROM convention WHERE coalesce(json_array_length(doc::json -> 'ours'), 0) = 0;

-- Where the head of an establishment said yes to lists of guests that are written there, by a convention whose other party signs none.
CREATE TABLE guest_typing (
    host       TEXT COLLATE "C" NOT NULL,
    convention TEXT COLLATE "C" NOT NULL,
    at         BIGINT           NOT NULL,
    PRIMARY KEY (host, convention)
);
