-- How many of each component and machine group its policies want: {"web": 3}. NULL: none decided yet.
ALTER TABLE application ADD COLUMN scaled TEXT;
-- What the policies remember between rounds, and what they last decided.
CREATE TABLE scaling_memory (
    application TEXT PRIMARY KEY NOT NULL REFERENCES application (id),
    memory TEXT NOT NULL,
    decisions TEXT NOT NULL,
    decided_at TIMESTAMP NOT NULL
);
