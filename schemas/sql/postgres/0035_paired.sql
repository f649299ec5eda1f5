-- Whose people a convention lets in: of the conventions that are for all of ours, a school finds those of its écoles, however many there are.
CREATE TABLE convention_home (
    establishment TEXT COLLATE "C" NOT NULL,
    convention    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (establishment, convention)
);
CREATE INDEX convention_home_of ON convention_home (convention);
INSERT INTO convention_home (establishment, convention)
    SELECT home, convention.id FROM convention, json_array_elements_text(convention.doc::json -> 'establishments') AS home
    ON CONFLICT DO NOTHING;
