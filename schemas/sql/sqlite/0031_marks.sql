-- Marks that tools keep here (LTI), a row for each person of a column: they go with the person. Those that stood together in one document know
-- nobody, and go with the school year.
CREATE TABLE mark (
    col     TEXT    NOT NULL,
    who     TEXT    NOT NULL,
    person  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    doc     TEXT    NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (col, who)
) STRICT, WITHOUT ROWID;
CREATE INDEX mark_person ON mark (person);
CREATE INDEX mark_expires ON mark (expires);
INSERT INTO mark (col, who, person, at, doc, expires)
    SELECT kept.id, one.key, '', coalesce(json_extract(one.value, '$.t'), 0), one.value, kept.expires
    FROM kept, json_each(kept.doc) AS one WHERE kept.kind = 'lti-marks';
DELETE FROM kept WHERE kind = 'lti-marks';
