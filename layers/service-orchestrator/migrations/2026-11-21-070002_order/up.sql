-- The applications that are orders of partners.
CREATE TABLE delivery_order (
    application TEXT PRIMARY KEY NOT NULL REFERENCES application (id),
    order_id TEXT NOT NULL,
    partner TEXT NOT NULL,
    -- The latest that was taken on.
    generation BIGINT NOT NULL
);
