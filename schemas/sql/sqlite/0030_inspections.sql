-- Inspectors' access to the space of one teacher in one service, for a time. `noted` says that its end was acted upon.
CREATE TABLE inspection (
    id            TEXT    NOT NULL PRIMARY KEY,
    inspector     TEXT    NOT NULL,
    teacher       TEXT    NOT NULL,
    service       TEXT    NOT NULL,
    establishment TEXT    NOT NULL,
    ends          INTEGER NOT NULL,
    noted         INTEGER NOT NULL,
    doc           TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX inspection_once ON inspection (inspector, teacher, service) WHERE noted = 0;
CREATE INDEX inspection_inspector ON inspection (inspector, ends);
CREATE INDEX inspection_teacher ON inspection (teacher, ends);
CREATE INDEX inspection_establishment ON inspection (establishment, ends);
CREATE INDEX inspection_ends ON inspection (ends);
