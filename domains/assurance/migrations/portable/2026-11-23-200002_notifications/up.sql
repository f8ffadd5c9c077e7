-- Who wants to be told of what. `cursor` is the last event that was dealt with.
-- Without a project it is the broker's own.
CREATE TABLE assurance_subscription (
    id TEXT PRIMARY KEY NOT NULL,
    project TEXT,
    name TEXT NOT NULL,
    cursor BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX assurance_subscription_project ON assurance_subscription (project, name);

-- What was sent, or given up: one row for each event and subscription.
CREATE TABLE assurance_delivery (
    subscription TEXT NOT NULL,
    event BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (subscription, event)
);
