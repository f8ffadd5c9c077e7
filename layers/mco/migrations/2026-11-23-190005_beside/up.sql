-- A revision that stands beside the one in force, with its model and plan: started before
-- callers are led to it, or kept after they were led elsewhere.
ALTER TABLE plan ADD COLUMN beside TEXT;
