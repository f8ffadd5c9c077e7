-- People and services that have been here. Rows are never deleted: a handle is given once, for ever.
CREATE TABLE iam_account (
    id TEXT PRIMARY KEY NOT NULL,
    handle TEXT NOT NULL UNIQUE,
    -- Of a person: the issuer and the subject there. Of a service: `hansa` and its own id.
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Of a service: what it works for and its role there, JSON, and the same as text to look it up by.
    service TEXT,
    service_of TEXT,
    name TEXT NOT NULL,
    email TEXT,
    locale TEXT,
    state TEXT NOT NULL CHECK (state IN ('active', 'locked', 'removed')),
    reason TEXT,
    -- What its issuer's claims gave it at the last login, JSON, and when that was.
    claimed TEXT NOT NULL,
    claimed_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP,
    version BIGINT NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE INDEX iam_account_service_of ON iam_account (service_of);
