-- What people keep at hand on their home page: favourites, and the services they opened last, in one establishment each.
CREATE TABLE shortcut (
    person        TEXT COLLATE "C" NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    establishment TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    service       TEXT COLLATE "C" NOT NULL,
    at            BIGINT           NOT NULL,
    PRIMARY KEY (person, establishment, kind, service)
);
-- The child for whom the parent of a session acts, when they said which.
ALTER TABLE session ADD COLUMN child TEXT COLLATE "C";
