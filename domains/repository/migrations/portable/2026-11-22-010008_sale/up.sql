-- Named shapes of machines.
CREATE TABLE catalogue_flavour (
    name TEXT PRIMARY KEY NOT NULL,
    document TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at TIMESTAMP NOT NULL
);

-- Offers of this broker's own as their owner works on them. What is published
-- stands in the catalogue too, and what others see is that alone.
CREATE TABLE catalogue_sale (
    iri TEXT PRIMARY KEY NOT NULL,
    -- draft, published or withdrawn
    state TEXT NOT NULL,
    document TEXT NOT NULL,
    -- Whether the units follow from the site's nodes.
    units_from_nodes BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    changed_by TEXT NOT NULL
);
CREATE INDEX catalogue_sale_state ON catalogue_sale (state);

-- What an offer was, is and will be. A version that is due in the future waits.
CREATE TABLE catalogue_sale_version (
    iri TEXT NOT NULL,
    version BIGINT NOT NULL,
    change TEXT NOT NULL,
    document TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    changed_by TEXT NOT NULL,
    -- From when it counts.
    valid_from TIMESTAMP NOT NULL,
    in_force BOOLEAN NOT NULL,
    PRIMARY KEY (iri, version)
);
CREATE INDEX catalogue_sale_version_due ON catalogue_sale_version (in_force, valid_from);
