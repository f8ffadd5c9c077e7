-- Claims for what was promised and missed: raised here, or by partners.
CREATE TABLE federation_claim (
    role TEXT NOT NULL,
    partner TEXT NOT NULL,
    id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Something is to be sent, or waited for.
    living BOOLEAN NOT NULL,
    settled BOOLEAN NOT NULL,
    data TEXT NOT NULL,
    raised_at TIMESTAMP NOT NULL,
    PRIMARY KEY (role, partner, id)
);
CREATE INDEX federation_claim_order ON federation_claim (order_id);
CREATE INDEX federation_claim_id ON federation_claim (id);
CREATE INDEX federation_claim_living ON federation_claim (living, partner);
CREATE INDEX federation_claim_open ON federation_claim (partner, state, settled);

-- Statements with partners: one for each period and currency.
CREATE TABLE federation_settlement (
    partner TEXT NOT NULL,
    id TEXT NOT NULL,
    currency TEXT NOT NULL,
    from_day TEXT NOT NULL,
    state TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (partner, id)
);
CREATE INDEX federation_settlement_state ON federation_settlement (state, partner);
CREATE INDEX federation_settlement_id ON federation_settlement (id);

CREATE INDEX federation_usage_open ON federation_usage (partner, state, from_at);
