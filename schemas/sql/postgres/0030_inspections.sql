-- Inspectors' access to the space of one teacher in one service, for a time. `noted` says that its end was acted upon.
CREATE TABLE inspection (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    inspector     TEXT COLLATE "C" NOT NULL,
    teacher       TEXT COLLATE "C" NOT NULL,
    service       TEXT COLLATE "C" NOT NULL,
    establishment TEXT COLLATE "C" NOT NULL,
    ends          BIGINT NOT NULL,
    noted         BIGINT NOT NULL,
    doc           TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX inspection_once ON inspection (inspector, teacher, service) WHERE noted = 0;
CREATE INDEX inspection_inspector ON inspection (inspector, ends);
CREATE INDEX inspection_teacher ON inspection (teacher, ends);
CREATE INDEX inspection_establishment ON inspection (establishment, ends);
CREATE INDEX inspection_ends ON inspection (ends);
