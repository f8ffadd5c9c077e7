-- Workloads: what was asked, and what is known of each.
CREATE TABLE wdm_workload (
    id TEXT PRIMARY KEY NOT NULL,
    application TEXT NOT NULL,
    component TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    state TEXT NOT NULL,
    spec TEXT NOT NULL,
    progress TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX wdm_workload_application ON wdm_workload (application, component, ordinal);

-- Port numbers that are given to workloads. One number is given once for each
-- address and protocol.
CREATE TABLE wdm_port (
    workload TEXT NOT NULL REFERENCES wdm_workload (id),
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    protocol TEXT NOT NULL,
    number INTEGER NOT NULL,
    public BOOLEAN NOT NULL,
    PRIMARY KEY (workload, name)
);
CREATE UNIQUE INDEX wdm_port_number ON wdm_port (address, protocol, number);

-- Directories that outlive workloads: one row for each instance of a component
-- and each target on which it ever ran.
CREATE TABLE wdm_volume (
    application TEXT NOT NULL,
    component TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    directory TEXT NOT NULL,
    PRIMARY KEY (application, component, ordinal, directory)
);
