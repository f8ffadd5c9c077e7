-- Orders that this broker gives to partners.
CREATE TABLE federation_purchase (
    id TEXT PRIMARY KEY NOT NULL,
    partner TEXT NOT NULL,
    application TEXT NOT NULL,
    offer TEXT NOT NULL,
    wish TEXT NOT NULL,
    living BOOLEAN NOT NULL,
    negotiation TEXT,
    data TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX federation_purchase_application ON federation_purchase (application);
CREATE INDEX federation_purchase_living ON federation_purchase (living, partner);
CREATE INDEX federation_purchase_negotiation ON federation_purchase (negotiation);

-- Holds and orders that partners have here.
CREATE TABLE federation_sale (
    partner TEXT NOT NULL,
    id TEXT NOT NULL,
    offer TEXT NOT NULL,
    wish TEXT NOT NULL,
    living BOOLEAN NOT NULL,
    data TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (partner, id)
);
CREATE INDEX federation_sale_living ON federation_sale (living, partner);

-- Ids of orders that a partner ended before they came: they must not come any more.
CREATE TABLE federation_tombstone (
    partner TEXT NOT NULL,
    id TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (partner, id)
);
CREATE INDEX federation_tombstone_at ON federation_tombstone (at);

-- Periods of use, told and countersigned; one row for each order and begin.
CREATE TABLE federation_usage (
    role TEXT NOT NULL,
    partner TEXT NOT NULL,
    order_id TEXT NOT NULL,
    from_at TIMESTAMP NOT NULL,
    to_at TIMESTAMP NOT NULL,
    unit_seconds BIGINT NOT NULL,
    state TEXT NOT NULL,
    told BOOLEAN NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (role, partner, order_id, from_at)
);
