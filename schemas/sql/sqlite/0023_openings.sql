-- The latest change of each opening of a head, numbered as they came, so that a server reads what changed and nothing else. A row stays
-- when its opening is gone: of each service and establishment there is one at most.
CREATE TABLE opening_change (
    id     TEXT    NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX opening_change_number ON opening_change (number);

INSERT INTO opening_change (id, number)
    SELECT id, row_number() OVER (ORDER BY created, id) FROM registration WHERE kind = 'opening';

CREATE TRIGGER opening_added AFTER INSERT ON registration WHEN NEW.kind = 'opening' BEGIN
    INSERT INTO opening_change (id, number) VALUES (NEW.id, (SELECT coalesce(max(number), 0) + 1 FROM opening_change))
        ON CONFLICT (id) DO UPDATE SET number = excluded.number;
END;
CREATE TRIGGER opening_changed AFTER UPDATE ON registration WHEN NEW.kind = 'opening' OR OLD.kind = 'opening' BEGIN
    INSERT INTO opening_change (id, number) VALUES (NEW.id, (SELECT coalesce(max(number), 0) + 1 FROM opening_change))
        ON CONFLICT (id) DO UPDATE SET number = excluded.number;
END;
CREATE TRIGGER opening_gone AFTER DELETE ON registration WHEN OLD.kind = 'opening' BEGIN
    INSERT INTO opening_change (id, number) VALUES (OLD.id, (SELECT coalesce(max(number), 0) + 1 FROM opening_change))
        ON CONFLICT (id) DO UPDATE SET number = excluded.number;
END;
