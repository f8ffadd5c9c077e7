-- Where nodes on which nothing is are turned off: a node or a site.
CREATE TABLE pim_green (
    -- `node/NAME` or `site/IRI`; one for each.
    target TEXT PRIMARY KEY NOT NULL,
    idle_seconds BIGINT NOT NULL,
    -- So many idle nodes of the site stay on.
    reserve BIGINT NOT NULL,
    wake_seconds BIGINT NOT NULL,
    set_at TIMESTAMP NOT NULL,
    set_by TEXT NOT NULL,
    version BIGINT NOT NULL
);

-- How a node there stands: awake, falling asleep, asleep, waking, failed.
CREATE TABLE pim_rest (
    node TEXT PRIMARY KEY NOT NULL,
    rest TEXT NOT NULL
);
