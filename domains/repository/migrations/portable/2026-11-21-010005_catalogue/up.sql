-- Providers, sites and offers. What is withdrawn stays as a row, so that other
-- processes learn of it and old plans can be explained.
CREATE TABLE catalogue_resource (
    iri TEXT PRIMARY KEY NOT NULL,
    class TEXT NOT NULL CHECK (class IN ('provider', 'site', 'offer')),
    -- As the program's own type, JSON.
    document TEXT NOT NULL,
    -- All that was said about it, as sorted N-Triples.
    statements TEXT NOT NULL,
    -- The very bytes, where it came as a document of its own.
    original TEXT,
    original_media_type TEXT,
    imported_at TIMESTAMP NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    -- Number of the change that made it so.
    generation BIGINT NOT NULL
);
CREATE INDEX catalogue_resource_by_generation ON catalogue_resource (generation);
