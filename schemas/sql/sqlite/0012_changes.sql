-- What a source that tells changes says of a record besides the person: its own name of the entry, and the ties of a pupil to
-- adults, as JSON.
ALTER TABLE person ADD COLUMN entry TEXT;
ALTER TABLE person ADD COLUMN ties TEXT;
CREATE INDEX person_entry ON person (source, entry) WHERE entry IS NOT NULL;
ALTER TABLE before_run ADD COLUMN entry TEXT;
ALTER TABLE before_run ADD COLUMN ties TEXT;

-- What the latest run of a source left for the next one: from where changes are read on.
CREATE TABLE source_state (
    source TEXT NOT NULL PRIMARY KEY,
    state  TEXT NOT NULL
) STRICT;
