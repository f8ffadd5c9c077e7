-- Negotiations by the Dataspace Protocol, as consumer and as provider. The id is our own pid.
CREATE TABLE federation_negotiation (
    id TEXT PRIMARY KEY NOT NULL,
    partner TEXT NOT NULL,
    role TEXT NOT NULL,
    peer_pid TEXT,
    state TEXT NOT NULL,
    offer TEXT NOT NULL,
    digest TEXT NOT NULL,
    living BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    data TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX federation_negotiation_peer ON federation_negotiation (partner, role, peer_pid);
CREATE INDEX federation_negotiation_living ON federation_negotiation (living, partner);

-- What was agreed: the bytes that both sides signed, and where it stands since.
CREATE TABLE federation_agreement (
    partner TEXT NOT NULL,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    offer TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    untold BOOLEAN NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (partner, id)
);
CREATE INDEX federation_agreement_standing ON federation_agreement (partner, role, offer, state);
