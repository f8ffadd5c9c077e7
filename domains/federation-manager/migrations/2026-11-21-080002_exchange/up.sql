-- What this broker publishes: numbered without gaps, never changed.
CREATE TABLE federation_feed (
    sequence BIGINT PRIMARY KEY NOT NULL,
    subject TEXT NOT NULL,
    class TEXT NOT NULL CHECK (class IN ('provider', 'site', 'offer')),
    kind TEXT NOT NULL CHECK (kind IN ('put', 'withdrawn')),
    -- JSON: the signed document, byte for byte as it is served.
    document TEXT NOT NULL,
    -- SHA-256 of what it says, to see whether something changed.
    digest TEXT NOT NULL,
    -- By which policies decide who sees it: an offer's site and kind, a site's own IRI.
    site TEXT,
    offer_kind TEXT,
    -- No later item is about its subject.
    latest BOOLEAN NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX federation_feed_by_subject ON federation_feed (subject) WHERE latest;

-- How far our own catalogue was followed when publishing, by class.
CREATE TABLE federation_published (
    class TEXT PRIMARY KEY NOT NULL,
    generation BIGINT NOT NULL,
    iri TEXT NOT NULL
);

-- What came from each partner and stands.
CREATE TABLE federation_received (
    partner TEXT NOT NULL,
    subject TEXT NOT NULL,
    class TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    -- SHA-256 of the signed bytes, and when they were signed: nothing older takes their place.
    digest TEXT NOT NULL,
    issued_at TIMESTAMP NOT NULL,
    -- The last snapshot that brought it.
    round BIGINT NOT NULL,
    PRIMARY KEY (partner, subject)
);

-- What came and wasn't taken, until something good comes in its place.
CREATE TABLE federation_quarantine (
    partner TEXT NOT NULL,
    subject TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    reason TEXT NOT NULL,
    -- It may be taken when what it refers to has come.
    waits BOOLEAN NOT NULL,
    -- The bytes as they came, cut off at a length; and how many there were.
    content TEXT NOT NULL,
    content_bytes BIGINT NOT NULL,
    signature TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (partner, subject)
);
CREATE INDEX federation_quarantine_by_time ON federation_quarantine (partner, at);

-- The last capacity report of each partner, as it was signed.
CREATE TABLE federation_capacity (
    partner TEXT PRIMARY KEY NOT NULL,
    as_of TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    document TEXT NOT NULL
);
