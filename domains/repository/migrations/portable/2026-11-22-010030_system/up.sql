-- Who this broker is to real systems: what it makes there carries this label.
CREATE TABLE broker_identity (
    id TEXT PRIMARY KEY NOT NULL
);

-- Real systems that a site has: clusters, clouds, management controllers.
CREATE TABLE system (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    site TEXT NOT NULL,
    address TEXT NOT NULL,
    -- The credential's name; its secret is sealed elsewhere.
    credential TEXT,
    -- Trust anchors, PEM.
    trust TEXT,
    settings TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
);

-- How each was last found: what it has, and what went wrong.
CREATE TABLE system_standing (
    system TEXT PRIMARY KEY NOT NULL REFERENCES system (name) ON DELETE CASCADE,
    report TEXT,
    trouble TEXT,
    tried_at TIMESTAMP NOT NULL
);

-- Which system delivers an offer, and as what of its own.
CREATE TABLE system_offer (
    offer TEXT PRIMARY KEY NOT NULL,
    system TEXT NOT NULL REFERENCES system (name),
    item TEXT
);
CREATE INDEX system_offer_system ON system_offer (system);
