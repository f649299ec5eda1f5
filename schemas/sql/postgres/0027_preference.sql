-- What people prefer wherever they are and whatever device they use: the language of pages and of what is sent to them.
CREATE TABLE preference (
    person   TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    language TEXT COLLATE "C" NOT NULL
);
