-- Who made a service account, and who made a token and so has seen it: as events
-- name them. None: before this was kept, or an account that its person made by coming.
ALTER TABLE iam_account ADD COLUMN created_by TEXT;
ALTER TABLE iam_token ADD COLUMN created_by TEXT;
