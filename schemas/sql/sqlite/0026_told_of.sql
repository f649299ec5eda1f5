-- Whose session a notice is of: whether services have heard that people are out is asked by those people, whoever ended their sessions, and
-- when. NULL: it was written before this.
ALTER TABLE outbox ADD COLUMN person TEXT;
CREATE INDEX outbox_person ON outbox (person);
