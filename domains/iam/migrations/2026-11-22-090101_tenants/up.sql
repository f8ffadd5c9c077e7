-- Organisations and their projects. Closed ones stay: a name is given once, so
-- that nobody inherits what happened under it.
CREATE TABLE iam_organisation (
    name TEXT PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    closed BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE iam_project (
    -- organisation/project
    name TEXT PRIMARY KEY NOT NULL,
    organisation TEXT NOT NULL REFERENCES iam_organisation (name),
    title TEXT NOT NULL,
    closed BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX iam_project_by_organisation ON iam_project (organisation, name);
-- Who has which roles where.
CREATE TABLE iam_member (
    -- organisation/acme or project/acme/web
    place TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES iam_account (id),
    -- JSON
    roles TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (place, account)
);
CREATE INDEX iam_member_by_account ON iam_member (account);
CREATE TABLE iam_quota (
    -- organisation/acme or project/acme/web
    holder TEXT PRIMARY KEY NOT NULL,
    -- JSON
    limits TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL
);
-- Who uses a broker without login; and what partners ordered.
INSERT INTO iam_organisation (name, title, closed, created_at, updated_at, version) VALUES
    ('local', 'This machine', FALSE, '2026-11-22 00:00:00', '2026-11-22 00:00:00', 1),
    ('hansa', 'This broker', FALSE, '2026-11-22 00:00:00', '2026-11-22 00:00:00', 1);
INSERT INTO iam_project (name, organisation, title, closed, created_at, updated_at, version) VALUES
    ('local/default', 'local', 'Whoever uses a broker without login', FALSE, '2026-11-22 00:00:00', '2026-11-22 00:00:00', 1),
    ('hansa/orders', 'hansa', 'What partners ordered', FALSE, '2026-11-22 00:00:00', '2026-11-22 00:00:00', 1);
