-- Nodes that are hosts of a real system, by its name and by theirs in it.
ALTER TABLE pim_node ADD COLUMN system TEXT;
ALTER TABLE pim_node ADD COLUMN host TEXT;
-- The host does not work: what runs there moves elsewhere.
ALTER TABLE pim_node ADD COLUMN down TEXT;
ALTER TABLE pim_share ADD COLUMN system TEXT;
