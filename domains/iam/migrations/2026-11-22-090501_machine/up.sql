-- Who may speak for a rented machine: what its agent shows, as its SHA-256.
CREATE TABLE iam_machine (
    machine TEXT PRIMARY KEY NOT NULL,
    -- None until an agent was let in.
    hash TEXT
);
