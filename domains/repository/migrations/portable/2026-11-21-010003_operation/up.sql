CREATE TABLE operation (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    application TEXT,
    actor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed')),
    -- JSON: the result of one that succeeded, the error of one that failed.
    detail TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    message TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX operation_by_creation ON operation (created_at, id);
CREATE INDEX operation_by_application ON operation (application, created_at) WHERE application IS NOT NULL;
