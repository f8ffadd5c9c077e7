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
    -- JSON.
    policy TEXT NOT NULL,
    -- The keys that are pinned, JSON. Empty: none yet.
    keys TEXT NOT NULL,
    since TIMESTAMP NOT NULL,
    -- When a message or an answer of it was last proved, and when its feed was last read to its end.
    last_heard TIMESTAMP,
    last_pulled TIMESTAMP,
    unreachable_since TIMESTAMP,
    last_error TEXT
);

-- How far each partner's feed was read.
CREATE TABLE federation_position (
    partner TEXT PRIMARY KEY NOT NULL,
    -- The last number that was taken in, and the last that it has.
    position BIGINT NOT NULL,
    head BIGINT NOT NULL,
    -- Which view of its feed it shows us; another one is read from its begin.
    view TEXT NOT NULL,
    -- Where to go on in the feed after the snapshot that is being read.
    snapshot_head BIGINT,
    -- Number of the snapshot: what an ended one didn't bring is gone.
    round BIGINT NOT NULL,
    -- A snapshot is wanted, at the earliest then.
    snapshot_due TIMESTAMP,
    cut_off BIGINT NOT NULL
);

-- Invitations that our owner gave out (kind 'given': of the secret only its
-- hash is kept) and those that our owner accepts (kind 'taken').
CREATE TABLE federation_invitation (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('given', 'taken')),
    -- given: who used it; taken: who gave it.
    partner TEXT,
    -- given: SHA-256 of the secret; taken: the secret until it is through, then empty.
    secret TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    -- given: when it was used; taken: when the partner agreed.
    used_at TIMESTAMP
);
CREATE INDEX federation_invitation_by_secret ON federation_invitation (secret);

-- Tokens that were seen, until they expire by themselves.
CREATE TABLE federation_token_seen (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (issuer, jti)
);
CREATE INDEX federation_token_seen_by_expiry ON federation_token_seen (expires_at);
