-- Who delivers the machine, where that is a partner; its name for people.
ALTER TABLE machine ADD COLUMN partner TEXT;
-- For which partner it is held or rented, by DID, where it isn't for a tenant of ours.
ALTER TABLE machine ADD COLUMN customer TEXT;

-- What was last asked of a partner's machine.
CREATE TABLE machine_order (
    machine TEXT PRIMARY KEY NOT NULL,
    generation BIGINT NOT NULL,
    model TEXT NOT NULL,
    -- For each component the generation that first asked for it as it is now.
    since TEXT NOT NULL,
    -- Whether it was handed on.
    handed_on BOOLEAN NOT NULL
);
