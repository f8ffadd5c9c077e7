-- What this machine's owner gives away.
CREATE TABLE pim_node (
    name TEXT PRIMARY KEY NOT NULL,
    site TEXT NOT NULL,
    address TEXT NOT NULL,
    cpu_milli BIGINT NOT NULL,
    memory_mib BIGINT NOT NULL,
    disk_mib BIGINT NOT NULL,
    gpus BIGINT NOT NULL,
    capabilities TEXT NOT NULL,
    withdrawn BOOLEAN NOT NULL
);
CREATE INDEX pim_node_site ON pim_node (site);

-- What was given of it: one share for each machine.
CREATE TABLE pim_share (
    machine TEXT PRIMARY KEY NOT NULL,
    node TEXT NOT NULL REFERENCES pim_node (name),
    site TEXT NOT NULL,
    cpu_milli BIGINT NOT NULL,
    memory_mib BIGINT NOT NULL,
    disk_mib BIGINT NOT NULL,
    gpus BIGINT NOT NULL,
    capabilities TEXT NOT NULL,
    whole_node BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX pim_share_node ON pim_share (node);

-- Whole servers (bare metal).
CREATE TABLE pim_server (
    machine TEXT PRIMARY KEY NOT NULL,
    application TEXT NOT NULL,
    connector TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX pim_server_application ON pim_server (application);
