-- The mail address of a record, in the form under which it is looked up.
ALTER TABLE person ADD COLUMN mail TEXT COLLATE "C";
UPDATE person SET mail = lower((doc::json ->> 'mail') COLLATE "C") WHERE source IS NOT NULL;
CREATE INDEX person_mail ON person (source, mail) WHERE mail IS NOT NULL;
