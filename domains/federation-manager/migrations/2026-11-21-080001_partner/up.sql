-- Brokers with which this one federates, or did.
CREATE TABLE federation_partner (
    did TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    -- The provider whose offers it sells, where it sells any.
    provider TEXT,
    state TEXT NOT NULL CHECK (state IN ('INVITED', 'HANDSHAKE', 'ACTIVE', 'SUSPENDED', 'DRAINING', 'TERMINATED')),
    -- What it last said of us.
    their_state TEXT,
    reason TEXT,
    -- JSON: policy; the DID document whose keys are pinned.
    policy TEXT NOT NULL,
    keys TEXT NOT NULL,
    since TIMESTAMP NOT NULL,
    -- When a message of it was last proved, and when its feed was last read to its end.
    last_heard TIMESTAMP,
    last_pulled TIMESTAMP,
    unreachable_since TIMESTAMP,
    last_error TEXT,
    -- The last number of its feed that was taken in, and the last that it has.
    feed_position BIGINT NOT NULL,
    feed_head BIGINT NOT NULL,
    -- Until which number a snapshot is being read; 0: none is.
    snapshot_position BIGINT NOT NULL
);

-- Invitations that our owner gave out (kind 'given': only the secret's hash is
-- kept) and those that our owner accepts (kind 'taken': kept until it is through).
CREATE TABLE federation_invitation (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('given', 'taken')),
    -- For whom, where that was said; by whom it was used.
    partner TEXT,
    -- given: SHA-256 of the secret; taken: the secret itself, until it is through.
    secret TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    note TEXT NOT NULL
);

-- Tokens that were seen, until they expire by themselves.
CREATE TABLE federation_token_seen (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (issuer, jti)
);
CREATE INDEX federation_token_seen_by_expiry ON federation_token_seen (expires_at);
