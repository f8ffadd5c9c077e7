-- The request that caused it; NULL where the broker acted by itself.
ALTER TABLE event ADD COLUMN request TEXT;
