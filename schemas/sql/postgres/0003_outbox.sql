-- What services are still to be told, people stopped by hand, and the chain of the journal.

-- Visits that are over, written in the stroke that ends their session and taken away when their service has heard, or
-- was tried often enough. `due` is when the next try may begin.
CREATE TABLE outbox (
    seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session  TEXT COLLATE "C" NOT NULL,
    protocol TEXT COLLATE "C" NOT NULL,
    service  TEXT COLLATE "C" NOT NULL,
    notice   TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    tries    BIGINT NOT NULL DEFAULT 0,
    due      BIGINT NOT NULL
);
CREATE UNIQUE INDEX outbox_notice ON outbox (service, protocol, notice);
CREATE INDEX outbox_ready ON outbox (service, due, seq);
CREATE INDEX outbox_at ON outbox (at);

-- Why somebody here stopped the account, whatever its source says of it; NULL when nobody did.
ALTER TABLE person ADD COLUMN stopped TEXT;

-- The place of an event in the chain of the process that recorded it: chain, place, code of the event before, own code.
ALTER TABLE audit ADD COLUMN link TEXT;

-- How far each chain has come and what retention took of it, closed by a code.
CREATE TABLE audit_chain (
    chain     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number    BIGINT NOT NULL,
    floor     BIGINT NOT NULL,
    head      BIGINT NOT NULL,
    head_code TEXT NOT NULL,
    newest    BIGINT NOT NULL,
    seal      TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_chain_number ON audit_chain (number);
