-- What people keep at hand on their home page: favourites, and the services they opened last, in one establishment each.
CREATE TABLE shortcut (
    person        TEXT    NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    establishment TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    PRIMARY KEY (person, establishment, kind, service)
) STRICT, WITHOUT ROWID;
-- The child for whom the parent of a session acts, when they said which.
ALTER TABLE session ADD COLUMN child TEXT;
