-- What was last measured of each service level, and by which indicator: another one counts anew.
CREATE TABLE service_level (
    application TEXT NOT NULL REFERENCES application (id),
    name TEXT NOT NULL,
    indicator TEXT NOT NULL,
    latest TEXT NOT NULL,
    PRIMARY KEY (application, name)
);
-- Rounds of each hour (UTC), in thousandths.
CREATE TABLE service_level_hour (
    application TEXT NOT NULL REFERENCES application (id),
    name TEXT NOT NULL,
    hour TIMESTAMP NOT NULL,
    good BIGINT NOT NULL,
    bad BIGINT NOT NULL,
    PRIMARY KEY (application, name, hour)
);
