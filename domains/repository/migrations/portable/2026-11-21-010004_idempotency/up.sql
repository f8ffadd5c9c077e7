CREATE TABLE idempotency_key (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    begun_at TIMESTAMP NOT NULL,
    -- The answer, once there is one.
    status INTEGER,
    headers TEXT,
    body TEXT,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_key_by_time ON idempotency_key (begun_at);
