-- Of whom a kept document is, where anybody may fill the place of a service: each has so many, and all of them together.
ALTER TABLE kept ADD COLUMN owner TEXT COLLATE "C";
CREATE INDEX kept_owner ON kept (kind, owner, expires) WHERE owner IS NOT NULL;
