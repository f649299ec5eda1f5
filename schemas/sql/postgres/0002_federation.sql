-- What OpenID Connect and federation keep. The file of the same name in ../sqlite holds the same tables and columns.

-- Documents kept for a while outside any session.
CREATE TABLE kept (
    id      TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    doc     TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (id, kind)
);
CREATE INDEX kept_expires ON kept (expires);

-- What was born of one code. The end of a session is the end of its families, and the end of a family is the end of its
-- tokens. `expires` is that of the token which lives longest.
CREATE TABLE token_family (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    session TEXT COLLATE "C" REFERENCES session (id) ON DELETE CASCADE,
    person  TEXT COLLATE "C",
    expires BIGINT NOT NULL
);
CREATE INDEX token_family_session ON token_family (session) WHERE session IS NOT NULL;
CREATE INDEX token_family_person ON token_family (person) WHERE person IS NOT NULL;
CREATE INDEX token_family_expires ON token_family (expires);

-- `spent` is when a refresh token was used: it stays until it expires, so that a second use is noticed.
CREATE TABLE token (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind    TEXT COLLATE "C" NOT NULL,
    family  TEXT COLLATE "C" NOT NULL REFERENCES token_family (id) ON DELETE CASCADE,
    service TEXT COLLATE "C" NOT NULL,
    doc     TEXT NOT NULL,
    issued  BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    spent   BIGINT
);
CREATE INDEX token_family_of ON token (family);
CREATE INDEX token_expires ON token (expires);

-- Keys the house signs with; the private part is sealed.
CREATE TABLE signing_key (
    kid       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    alg       TEXT COLLATE "C" NOT NULL,
    sealed    TEXT NOT NULL,
    public    TEXT NOT NULL,
    created   BIGINT NOT NULL,
    use_from  BIGINT NOT NULL,
    retire_at BIGINT NOT NULL,
    remove_at BIGINT NOT NULL
);

-- Which account an identity of elsewhere opens. `subject` is a digest.
CREATE TABLE link (
    provider TEXT COLLATE "C" NOT NULL,
    issuer   TEXT COLLATE "C" NOT NULL,
    subject  TEXT COLLATE "C" NOT NULL,
    person   TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (provider, issuer, subject, person)
);
CREATE INDEX link_person ON link (person);

-- By whom a session was opened from elsewhere. `subject` and `sid` are digests.
CREATE TABLE upstream (
    session  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
    provider TEXT COLLATE "C" NOT NULL,
    issuer   TEXT COLLATE "C" NOT NULL,
    subject  TEXT COLLATE "C" NOT NULL,
    sid      TEXT COLLATE "C"
);
CREATE INDEX upstream_subject ON upstream (provider, issuer, subject);
CREATE INDEX upstream_sid ON upstream (provider, issuer, sid) WHERE sid IS NOT NULL;

-- Services that registered themselves, or that an editor tries out.
CREATE TABLE registration (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind    TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C",
    doc     TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT
);
CREATE INDEX registration_kind ON registration (kind, created);
CREATE INDEX registration_owner ON registration (owner) WHERE owner IS NOT NULL;
CREATE INDEX registration_expires ON registration (expires) WHERE expires IS NOT NULL;
