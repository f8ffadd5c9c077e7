-- Content that nothing may start on: half copied, or left behind by a copy that works elsewhere.
ALTER TABLE wdm_volume ADD COLUMN void BOOLEAN NOT NULL DEFAULT FALSE;
-- Volumes that follow their instance: where their content is, and how far copying is.
CREATE TABLE wdm_copy (
    application TEXT NOT NULL,
    component TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    -- Where the content is until it is copied.
    source TEXT NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    -- The number of the last attempt at copying.
    attempt BIGINT NOT NULL,
    -- Why copying failed; what moved goes back.
    failed TEXT,
    -- All of it is where the instance is; the source is given up when that works.
    copied BOOLEAN NOT NULL,
    PRIMARY KEY (application, component, ordinal)
);
