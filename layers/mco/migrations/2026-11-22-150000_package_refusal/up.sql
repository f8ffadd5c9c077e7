-- What ran a package refused: the instance goes to another offer while it is
-- the same that was refused, and until that time.
CREATE TABLE package_refusal (
    application TEXT NOT NULL,
    component TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    offer TEXT NOT NULL,
    revision TEXT NOT NULL,
    reason TEXT NOT NULL,
    until TIMESTAMP NOT NULL,
    PRIMARY KEY (application, component, ordinal, offer)
);
