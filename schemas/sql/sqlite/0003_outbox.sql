-- What services are still to be told, people stopped by hand, and the chain of the journal.

-- Visits that are over, written in the stroke that ends their session and taken away when their service has heard, or
-- was tried often enough. `due` is when the next try may begin.
CREATE TABLE outbox (
    seq      INTEGER NOT NULL PRIMARY KEY,
    session  TEXT NOT NULL,
    protocol TEXT NOT NULL,
    service  TEXT NOT NULL,
    notice   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    tries    INTEGER NOT NULL DEFAULT 0,
    due      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX outbox_notice ON outbox (service, protocol, notice);
CREATE INDEX outbox_ready ON outbox (service, due, seq);
CREATE INDEX outbox_at ON outbox (at);

-- Why somebody here stopped the account, whatever its source says of it; NULL when nobody did.
ALTER TABLE person ADD COLUMN stopped TEXT;

-- The place of an event in the chain of the process that recorded it: chain, place, code of the event before, own code.
ALTER TABLE audit ADD COLUMN link TEXT;

-- How far each chain has come and what retention took of it, closed by a code.
CREATE TABLE audit_chain (
    chain     TEXT NOT NULL PRIMARY KEY,
    number    INTEGER NOT NULL,
    floor     INTEGER NOT NULL,
    head      INTEGER NOT NULL,
    head_code TEXT NOT NULL,
    newest    INTEGER NOT NULL,
    seal      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX audit_chain_number ON audit_chain (number);
