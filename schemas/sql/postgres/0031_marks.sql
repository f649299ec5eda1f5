-- Marks that tools keep here (LTI), a row for each person of a column: they go with the person. Those that stood together in one document know
-- nobody, and go with the school year.
CREATE TABLE mark (
    col     TEXT COLLATE "C" NOT NULL,
    who     TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    doc     TEXT COLLATE "C" NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (col, who)
);
CREATE INDEX mark_person ON mark (person);
CREATE INDEX mark_expires ON mark (expires);
INSERT INTO mark (col, who, person, at, doc, expires)
    SELECT kept.id, one.key, '', coalesce((one.value ->> 't')::bigint, 0), one.value::text, kept.expires
    FROM kept, json_each(kept.doc::json) AS one WHERE kept.kind = 'lti-marks';
DELETE FROM kept WHERE kind = 'lti-marks';
