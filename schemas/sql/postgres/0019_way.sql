-- The number of the way that ended the session of a notice: what comes of telling it stands under that number in the journal. NULL: nobody
-- came that way.
ALTER TABLE outbox ADD COLUMN way TEXT;
