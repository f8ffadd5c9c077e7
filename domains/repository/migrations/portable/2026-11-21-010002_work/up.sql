CREATE TABLE work_item (
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    -- When it may be taken.
    due TIMESTAMP NOT NULL,
    -- Enqueued again since it was taken: when another round is due.
    wanted TIMESTAMP,
    lease_owner TEXT,
    lease_until TIMESTAMP,
    -- Number of the claim; a claim with another number is over.
    fence BIGINT NOT NULL,
    -- Failures in a row.
    attempts INTEGER NOT NULL,
    last_error TEXT,
    PRIMARY KEY (queue, key)
);
CREATE INDEX work_item_by_due ON work_item (queue, due);

-- Numbers that only grow and are committed with what they count.
CREATE TABLE counter (
    name TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('work-fence', 0), ('catalogue-generation', 0);
