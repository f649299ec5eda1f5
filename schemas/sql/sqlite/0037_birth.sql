-- A code of the date of birth of a record, under a key of the house, where its source is asked for the date: never the date.
ALTER TABLE person ADD COLUMN birth TEXT;
ALTER TABLE before_run ADD COLUMN birth TEXT;

-- Dates of birth that were typed with a code on paper and were not right.
ALTER TABLE activation ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
