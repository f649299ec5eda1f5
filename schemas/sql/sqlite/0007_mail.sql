-- The mail address of a record, in the form under which it is looked up.
ALTER TABLE person ADD COLUMN mail TEXT;
UPDATE person SET mail = lower(json_extract(doc, '$.mail')) WHERE source IS NOT NULL;
CREATE INDEX person_mail ON person (source, mail) WHERE mail IS NOT NULL;
