-- Whose it is: organisation/project. Until now there was one tenant, and partners.
ALTER TABLE application ADD COLUMN project TEXT NOT NULL DEFAULT 'local/default';
UPDATE application SET project = 'hansa/orders' WHERE owner LIKE '{"kind":"partner"%';
-- Names are unique within a project: live_name is now organisation/project/name.
UPDATE application SET live_name = project || '/' || name WHERE live_name IS NOT NULL;
-- What it takes of quotas. NULL: not counted yet; then the model tells.
ALTER TABLE application ADD COLUMN instances BIGINT;
ALTER TABLE application ADD COLUMN cpu_milli BIGINT;
ALTER TABLE application ADD COLUMN memory_mib BIGINT;
-- What its plan costs an hour. NULL: there is no plan yet.
ALTER TABLE application ADD COLUMN price_micros BIGINT;
ALTER TABLE application ADD COLUMN price_currency TEXT;
CREATE INDEX application_by_project ON application (project, id);
CREATE INDEX application_by_name ON application (name);
