CREATE TABLE application (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    -- The name while it lives: no two living applications share one.
    live_name TEXT UNIQUE,
    owner TEXT NOT NULL,
    desired TEXT NOT NULL,
    revision BIGINT NOT NULL,
    phase TEXT NOT NULL,
    operation TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE application_revision (
    application TEXT NOT NULL REFERENCES application (id),
    revision BIGINT NOT NULL,
    model TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (application, revision)
);
