-- The card of a child who signs in in class: by the digests of its code and of its pictures; one for each person.
CREATE TABLE class_card (
    person        TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    establishment TEXT COLLATE "C" NOT NULL,
    class         TEXT COLLATE "C" NOT NULL,
    code          TEXT COLLATE "C" NOT NULL UNIQUE,
    pictures      TEXT COLLATE "C" NOT NULL,
    made          BIGINT           NOT NULL,
    made_by       TEXT COLLATE "C",
    once          BIGINT           NOT NULL,
    tries         BIGINT           NOT NULL,
    spent         BIGINT           NOT NULL,
    revoked       BIGINT           NOT NULL,
    turn          BIGINT           NOT NULL
);
CREATE INDEX class_card_class ON class_card (establishment, class);

-- A while in which the cards of a class open.
CREATE TABLE lesson (
    establishment TEXT COLLATE "C" NOT NULL,
    class         TEXT COLLATE "C" NOT NULL,
    opened_by     TEXT COLLATE "C" NOT NULL,
    begins        BIGINT           NOT NULL,
    ends          BIGINT           NOT NULL,
    PRIMARY KEY (establishment, class)
);
