-- What people want to be warned of, and how it stands. Without a project it is
-- about the broker itself.
CREATE TABLE assurance_rule (
    id TEXT PRIMARY KEY NOT NULL,
    project TEXT,
    name TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX assurance_rule_project ON assurance_rule (project, name);
