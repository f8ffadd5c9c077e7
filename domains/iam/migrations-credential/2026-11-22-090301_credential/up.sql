-- What connectors need to reach infrastructure. The secret is sealed with
-- AES-256-GCM under a key that is not in the database.
CREATE TABLE iam_credential (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    -- Base64 of nonce and sealed secret.
    sealed TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT NOT NULL,
    rotated_at TIMESTAMP,
    rotated_by TEXT,
    version BIGINT NOT NULL
);
