-- Whose people a convention lets in: of the conventions that are for all of ours, a school finds those of its écoles, however many there are.
CREATE TABLE convention_home (
    establishment TEXT NOT NULL,
    convention    TEXT NOT NULL,
    PRIMARY KEY (establishment, convention)
) STRICT, WITHOUT ROWID;
CREATE INDEX convention_home_of ON convention_home (convention);
INSERT OR IGNORE INTO convention_home (establishment, convention)
    SELECT home.value, convention.id FROM convention, json_each(convention.doc, '$.establishments') AS home;
