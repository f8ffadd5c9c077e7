-- Tokens of people and services, as the SHA-256 of what programs send.
CREATE TABLE iam_token (
    id TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL REFERENCES iam_account (id),
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    -- What it is limited to, JSON.
    limits TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    used_at TIMESTAMP
);
CREATE INDEX iam_token_account ON iam_token (account, created_at);
