-- Places in container clusters.
CREATE TABLE mcm_placement (
    machine TEXT PRIMARY KEY NOT NULL,
    application TEXT NOT NULL,
    connector TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX mcm_placement_application ON mcm_placement (application);
