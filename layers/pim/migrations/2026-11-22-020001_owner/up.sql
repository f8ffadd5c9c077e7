-- Whether the node stands in the configuration or was added by its owner, and
-- how often it was changed.
ALTER TABLE pim_node ADD COLUMN origin TEXT NOT NULL DEFAULT 'configuration';
ALTER TABLE pim_node ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- What is being drained: a node or a site.
CREATE TABLE pim_maintenance (
    id TEXT PRIMARY KEY NOT NULL,
    -- `node/NAME` or `site/IRI`; one at a time for each.
    target TEXT NOT NULL UNIQUE,
    reason TEXT NOT NULL,
    -- Until when its owner wants it empty.
    deadline TIMESTAMP,
    -- Whether what keeps data in a volume moves too, and begins with an empty one.
    leave_volumes BOOLEAN NOT NULL,
    -- How many machines were there at the beginning.
    machines BIGINT NOT NULL,
    begun_at TIMESTAMP NOT NULL,
    begun_by TEXT NOT NULL,
    drained_at TIMESTAMP,
    overdue_told BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);
