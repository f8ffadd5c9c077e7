-- Rentals of machines of which something was promised. `look` is when one has
-- to be looked at again (seconds since 1970); none: it is over and judged, and
-- `over` says since when.
CREATE TABLE assurance_course (
    machine TEXT PRIMARY KEY NOT NULL,
    look BIGINT,
    over BIGINT,
    body TEXT NOT NULL
);
CREATE INDEX assurance_course_look ON assurance_course (look, machine);
CREATE INDEX assurance_course_over ON assurance_course (over);

-- How each objective of each rental stood in each window. Those that are not
-- judged are written anew when something changes.
CREATE TABLE assurance_standing (
    machine TEXT NOT NULL,
    objective INTEGER NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    project TEXT NOT NULL,
    application TEXT,
    provider TEXT NOT NULL,
    judged BOOLEAN NOT NULL,
    missed BOOLEAN NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (machine, objective, began)
);
CREATE INDEX assurance_standing_began ON assurance_standing (began, machine, objective);
CREATE INDEX assurance_standing_ended ON assurance_standing (ended);
CREATE INDEX assurance_standing_project ON assurance_standing (project, began, machine, objective);

-- Breaches, by the numbers of the events that tell of them.
CREATE TABLE assurance_breach (
    sequence BIGINT PRIMARY KEY NOT NULL,
    project TEXT NOT NULL,
    application TEXT,
    body TEXT NOT NULL
);
CREATE INDEX assurance_breach_project ON assurance_breach (project, sequence);

-- Maintenance that was announced. Seconds since 1970.
CREATE TABLE assurance_announcement (
    id TEXT PRIMARY KEY NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX assurance_announcement_time ON assurance_announcement (ended, began);
