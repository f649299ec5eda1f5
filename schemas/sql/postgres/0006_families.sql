-- What the tokens of a family have in common is written once, with the family: NULL where an earlier version wrote it. A
-- token whose `doc` is `=` says the same.
ALTER TABLE token_family ADD COLUMN service TEXT COLLATE "C";
ALTER TABLE token_family ADD COLUMN doc TEXT;
