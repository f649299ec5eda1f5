-- A row of `person` is one record of one source. NULL: the record is its own account. Otherwise the account whose record it is too:
-- one person whom several sources know. The row keeps its own `id`, which names nobody as long as this stands.
ALTER TABLE person ADD COLUMN account TEXT;
CREATE INDEX person_account ON person (account) WHERE account IS NOT NULL;

-- What was said of two records, in the order of their names: that they are one person ('joined'), or that they are not ('apart');
-- by whom ('key' or 'hand'), and when.
CREATE TABLE pairing (
    one   TEXT NOT NULL,
    other TEXT NOT NULL,
    said  TEXT NOT NULL,
    who   TEXT NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (one, other)
) STRICT;
CREATE INDEX pairing_other ON pairing (other);
