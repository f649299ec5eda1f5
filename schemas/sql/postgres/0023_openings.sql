-- The latest change of each opening of a head, numbered as they came, so that a server reads what changed and nothing else. A row stays
-- when its opening is gone: of each service and establishment there is one at most.
CREATE TABLE opening_change (
    id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT           NOT NULL
);
CREATE UNIQUE INDEX opening_change_number ON opening_change (number);

INSERT INTO opening_change (id, number)
    SELECT id, row_number() OVER (ORDER BY created, id) FROM registration WHERE kind = 'opening';

-- One transaction at a time, before it touches a row: numbers are seen in their order, and nobody waits for each other in a ring.
CREATE FUNCTION opening_turn() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_SCHEMA), hashtext('opening_change'));
    RETURN NULL;
END $$;
CREATE TRIGGER opening_turn BEFORE INSERT OR UPDATE OR DELETE ON registration
    FOR EACH STATEMENT EXECUTE FUNCTION opening_turn();

CREATE FUNCTION opening_numbered() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    which TEXT;
BEGIN
    which := CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END;
    INSERT INTO opening_change (id, number) VALUES (which, (SELECT coalesce(max(number), 0) + 1 FROM opening_change))
        ON CONFLICT (id) DO UPDATE SET number = excluded.number;
    RETURN NULL;
END $$;
CREATE TRIGGER opening_added AFTER INSERT ON registration
    FOR EACH ROW WHEN (NEW.kind = 'opening') EXECUTE FUNCTION opening_numbered();
CREATE TRIGGER opening_changed AFTER UPDATE ON registration
    FOR EACH ROW WHEN (NEW.kind = 'opening' OR OLD.kind = 'opening') EXECUTE FUNCTION opening_numbered();
CREATE TRIGGER opening_gone AFTER DELETE ON registration
    FOR EACH ROW WHEN (OLD.kind = 'opening') EXECUTE FUNCTION opening_numbered();
