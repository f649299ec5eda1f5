-- What OpenID Connect and federation keep. The file of the same name in ../postgres holds the same tables and columns.

-- Documents kept for a while outside any session.
CREATE TABLE kept (
    id      TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    doc     TEXT    NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (id, kind)
) STRICT;
CREATE INDEX kept_expires ON kept (expires);

-- What was born of one code. The end of a session is the end of its families, and the end of a family is the end of its
-- tokens. `expires` is that of the token which lives longest.
CREATE TABLE token_family (
    id      TEXT    NOT NULL PRIMARY KEY,
    session TEXT    REFERENCES session (id) ON DELETE CASCADE,
    person  TEXT,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_family_session ON token_family (session) WHERE session IS NOT NULL;
CREATE INDEX token_family_person ON token_family (person) WHERE person IS NOT NULL;
CREATE INDEX token_family_expires ON token_family (expires);

-- `spent` is when a refresh token was used: it stays until it expires, so that a second use is noticed.
CREATE TABLE token (
    id      TEXT    NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL,
    family  TEXT    NOT NULL REFERENCES token_family (id) ON DELETE CASCADE,
    service TEXT    NOT NULL,
    doc     TEXT    NOT NULL,
    issued  INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    spent   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_family_of ON token (family);
CREATE INDEX token_expires ON token (expires);

-- Keys the house signs with; the private part is sealed.
CREATE TABLE signing_key (
    kid       TEXT    NOT NULL PRIMARY KEY,
    alg       TEXT    NOT NULL,
    sealed    TEXT    NOT NULL,
    public    TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    use_from  INTEGER NOT NULL,
    retire_at INTEGER NOT NULL,
    remove_at INTEGER NOT NULL
) STRICT;

-- Which account an identity of elsewhere opens. `subject` is a digest.
CREATE TABLE link (
    provider TEXT    NOT NULL,
    issuer   TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (provider, issuer, subject, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_person ON link (person);

-- By whom a session was opened from elsewhere. `subject` and `sid` are digests.
CREATE TABLE upstream (
    session  TEXT NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    issuer   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    sid      TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX upstream_subject ON upstream (provider, issuer, subject);
CREATE INDEX upstream_sid ON upstream (provider, issuer, sid) WHERE sid IS NOT NULL;

-- Services that registered themselves, or that an editor tries out.
CREATE TABLE registration (
    id      TEXT    NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL,
    owner   TEXT,
    doc     TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER
) STRICT;
CREATE INDEX registration_kind ON registration (kind, created);
CREATE INDEX registration_owner ON registration (owner) WHERE owner IS NOT NULL;
CREATE INDEX registration_expires ON registration (expires) WHERE expires IS NOT NULL;
