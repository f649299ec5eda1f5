-- Since when the person of an account is entitled to nothing: the days until it is pre-deleted and purged count from there. NULL as long
-- as they are entitled, and after their suspension until the job that counts has seen it.
ALTER TABLE person ADD COLUMN ended INTEGER;
-- The rows that time does something to, and no others: an import does not touch it.
CREATE INDEX person_ended ON person (state, ended) WHERE state IN ('suspended', 'predeleted');
