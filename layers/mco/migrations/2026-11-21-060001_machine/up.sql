CREATE TABLE machine (
    id TEXT PRIMARY KEY NOT NULL,
    application TEXT NOT NULL,
    offer TEXT NOT NULL,
    terms TEXT NOT NULL,
    price_micros BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX machine_by_application ON machine (application);
CREATE INDEX machine_by_offer ON machine (offer);

CREATE TABLE plan (
    application TEXT PRIMARY KEY NOT NULL,
    revision BIGINT NOT NULL,
    plan TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE offer_refusal (
    application TEXT NOT NULL,
    offer TEXT NOT NULL,
    reason TEXT NOT NULL,
    until TIMESTAMP NOT NULL,
    PRIMARY KEY (application, offer)
);
