-- Faults, numbered in the order in which they opened. `resolved` is when one
-- was resolved (seconds since 1970); none: it is open or acknowledged.
-- Without a project it is the broker's own.
CREATE TABLE assurance_fault (
    number BIGINT PRIMARY KEY NOT NULL,
    project TEXT,
    application TEXT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    severity INTEGER NOT NULL,
    resolved BIGINT,
    body TEXT NOT NULL
);
CREATE INDEX assurance_fault_project ON assurance_fault (project, number);
CREATE INDEX assurance_fault_resolved ON assurance_fault (resolved, number);
