-- Sessions of the portal. The browser holds the value of which the hash is kept here.
CREATE TABLE iam_session (
    id TEXT PRIMARY KEY NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES iam_account (id),
    issuer TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    agent TEXT,
    address TEXT
);
CREATE INDEX iam_session_account ON iam_session (account);
CREATE INDEX iam_session_expires_at ON iam_session (expires_at);
