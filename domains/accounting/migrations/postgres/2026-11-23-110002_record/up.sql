-- Usage records that hold, by what they count and when they begin (seconds since 1970).
CREATE TABLE accounting_record (
    slot BIGINT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    standing INTEGER NOT NULL,
    source INTEGER NOT NULL,
    PRIMARY KEY (slot, began)
);
