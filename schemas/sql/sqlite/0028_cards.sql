-- The card of a child who signs in in class: by the digests of its code and of its pictures; one for each person.
CREATE TABLE class_card (
    person        TEXT    NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    establishment TEXT    NOT NULL,
    class         TEXT    NOT NULL,
    code          TEXT    NOT NULL UNIQUE,
    pictures      TEXT    NOT NULL,
    made          INTEGER NOT NULL,
    made_by       TEXT,
    once          INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    spent         INTEGER NOT NULL,
    revoked       INTEGER NOT NULL,
    turn          INTEGER NOT NULL
) STRICT;
CREATE INDEX class_card_class ON class_card (establishment, class);

-- A while in which the cards of a class open.
CREATE TABLE lesson (
    establishment TEXT    NOT NULL,
    class         TEXT    NOT NULL,
    opened_by     TEXT    NOT NULL,
    begins        INTEGER NOT NULL,
    ends          INTEGER NOT NULL,
    PRIMARY KEY (establishment, class)
) STRICT, WITHOUT ROWID;
