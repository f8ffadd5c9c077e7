CREATE TABLE catalogue_resource (
    iri TEXT PRIMARY KEY NOT NULL,
    class TEXT NOT NULL CHECK (class IN ('provider', 'site', 'offer')),
    provider TEXT NOT NULL,
    -- Of offers only.
    site TEXT,
    kind TEXT,
    title TEXT NOT NULL,
    -- The resource as it was exchanged, and how that is to be read.
    media_type TEXT NOT NULL,
    source TEXT NOT NULL,
    -- The same as the program's own types, JSON.
    document TEXT NOT NULL,
    imported_at TIMESTAMP NOT NULL
);
CREATE INDEX catalogue_resource_by_class ON catalogue_resource (class, iri);
