-- How far each of those who follow the event log has read it. The generation
-- grows with each round, so that of two processes that did the same only one writes.
CREATE TABLE follower (
    name TEXT PRIMARY KEY NOT NULL,
    sequence BIGINT NOT NULL,
    generation BIGINT NOT NULL
);
