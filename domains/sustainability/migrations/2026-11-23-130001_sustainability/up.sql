-- The course of each machine that was rented, as far as it was counted: what was
-- before that hour (seconds since 1970) stands among the cells. Open: there is
-- something left to count, or will be.
CREATE TABLE sustainability_machine (
    machine TEXT PRIMARY KEY NOT NULL,
    project TEXT NOT NULL,
    is_open BOOLEAN NOT NULL,
    counted_to BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX sustainability_machine_open ON sustainability_machine (is_open, counted_to, machine);
CREATE INDEX sustainability_machine_project ON sustainability_machine (project, is_open);

-- In which machine a workload is.
CREATE TABLE sustainability_workload (
    workload TEXT PRIMARY KEY NOT NULL,
    machine TEXT NOT NULL
);

-- What was measured of machines and their workloads, until its hour is counted.
-- By kind: 0 power of the machine in mW, 1 use of processors in thousandths.
-- Milliseconds since 1970.
CREATE TABLE sustainability_reading (
    machine TEXT NOT NULL,
    thing TEXT NOT NULL,
    kind INTEGER NOT NULL,
    at BIGINT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (machine, thing, kind, at)
);
CREATE INDEX sustainability_reading_at ON sustainability_reading (at);

-- Of what cells are amounts.
CREATE TABLE sustainability_subject (
    id BIGINT PRIMARY KEY NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    site TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX sustainability_subject_project ON sustainability_subject (project);
CREATE INDEX sustainability_subject_site ON sustainability_subject (site);

-- What each hour (its begin in seconds since 1970) of each subject drew, in
-- microjoules before PUE by how it is known; its share of making the machine in
-- micrograms; and seconds of which either is not known.
CREATE TABLE sustainability_cell (
    subject BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    measured BIGINT NOT NULL,
    utilised BIGINT NOT NULL,
    stated BIGINT NOT NULL,
    assumed BIGINT NOT NULL,
    embodied BIGINT NOT NULL,
    energy_unknown BIGINT NOT NULL,
    embodied_unknown BIGINT NOT NULL,
    PRIMARY KEY (subject, hour)
);

-- Series of intensity, price and generation, a row for each UTC month (its begin
-- in seconds since 1970): values in equal steps, null where nothing is known.
CREATE TABLE sustainability_series (
    kind TEXT NOT NULL,
    zone TEXT NOT NULL,
    variant TEXT NOT NULL,
    month BIGINT NOT NULL,
    step BIGINT NOT NULL,
    source TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, zone, variant, month)
);

-- What people want a month to emit at most, and the month for which it was told
-- that it was reached.
CREATE TABLE sustainability_limit (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    told TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (project, name)
);
