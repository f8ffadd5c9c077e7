-- Virtual machines.
CREATE TABLE vip_machine (
    machine TEXT PRIMARY KEY NOT NULL,
    application TEXT NOT NULL,
    connector TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX vip_machine_application ON vip_machine (application);
