-- Whose an application is. Until now there was one tenant, and partners.
CREATE TABLE application_project (
    application TEXT PRIMARY KEY NOT NULL,
    -- organisation/project
    project TEXT NOT NULL
);
CREATE INDEX application_project_by_project ON application_project (project);
-- Projects in which nothing new may come to live.
CREATE TABLE closed_project (project TEXT PRIMARY KEY NOT NULL);
INSERT INTO application_project (application, project)
SELECT application, MIN(CASE WHEN actor LIKE '{"kind":"partner"%' THEN 'hansa/orders' ELSE 'local/default' END)
FROM operation WHERE kind = 'application.submit' AND application IS NOT NULL GROUP BY application;

ALTER TABLE event ADD COLUMN project TEXT;
DROP TRIGGER event_no_change ON event;
UPDATE event SET project = (SELECT p.project FROM application_project p WHERE p.application = event.application)
WHERE application IS NOT NULL;
CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event
FOR EACH STATEMENT EXECUTE FUNCTION event_append_only();
CREATE INDEX event_by_project ON event (project, sequence);

ALTER TABLE operation ADD COLUMN project TEXT;
UPDATE operation SET project = (SELECT p.project FROM application_project p WHERE p.application = operation.application)
WHERE application IS NOT NULL;
CREATE INDEX operation_by_project ON operation (project, created_at, id);
