-- When everything of a revision first ran. NULL: it never did, or not since this is written down.
ALTER TABLE application_revision ADD COLUMN ran_at TIMESTAMP;
-- The earlier revision whose model it took over.
ALTER TABLE application_revision ADD COLUMN restores BIGINT;
UPDATE application_revision SET ran_at = created_at WHERE EXISTS (
    SELECT 1 FROM application
    WHERE application.id = application_revision.application
      AND application.revision = application_revision.revision
      AND application.phase LIKE '{"state":"running"%'
);
