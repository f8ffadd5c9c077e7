-- The last time that something of an application was moved from its place, or is about to be.
CREATE TABLE relocation (
    application TEXT PRIMARY KEY NOT NULL REFERENCES application (id),
    -- move, consolidation or better-place
    kind TEXT NOT NULL,
    -- The revision whose plan it changes.
    revision BIGINT NOT NULL,
    -- The operation that asked for it. NULL: the broker decided.
    operation TEXT,
    -- What leaves which machine, and where it may go.
    wish TEXT NOT NULL,
    -- What was told of it before it began.
    told TEXT,
    begun_at TIMESTAMP NOT NULL,
    -- When a plan with it came in force, and when all of it was done.
    adopted_at TIMESTAMP,
    done_at TIMESTAMP
);
