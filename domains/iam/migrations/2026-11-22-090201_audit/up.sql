-- The audit trail. What is sealed is never changed; see the triggers.
CREATE TABLE audit_record (
    -- Its place, from 0.
    place BIGINT PRIMARY KEY NOT NULL,
    -- The very line that is hashed.
    line TEXT NOT NULL,
    -- Parts of the line again, to search by. An export says where they disagree with it.
    at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT,
    project TEXT,
    request TEXT,
    -- Its number in the intake, where it came through that.
    intake BIGINT UNIQUE
);
CREATE INDEX audit_record_by_actor ON audit_record (actor, place);
CREATE INDEX audit_record_by_subject ON audit_record (subject, place);
CREATE INDEX audit_record_by_project ON audit_record (project, place) WHERE project IS NOT NULL;
CREATE INDEX audit_record_by_request ON audit_record (request) WHERE request IS NOT NULL;
CREATE INDEX audit_record_by_time ON audit_record (at);

-- The hashes of the Merkle tree in the order of tlog's stored hashes.
CREATE TABLE audit_hash (
    number BIGINT PRIMARY KEY NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE audit_checkpoint (
    size BIGINT PRIMARY KEY NOT NULL,
    at TIMESTAMP NOT NULL,
    note TEXT NOT NULL
);

CREATE TABLE audit_key (
    public TEXT PRIMARY KEY NOT NULL,
    -- In which order they came into use.
    number BIGINT NOT NULL UNIQUE,
    statement TEXT NOT NULL
);

-- One row: how far the sealer is, and who seals.
CREATE TABLE audit_state (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    origin TEXT NOT NULL,
    size BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until TIMESTAMP
);
