-- Volumes that a real system keeps. Empty: a directory of this machine.
ALTER TABLE wdm_volume ADD COLUMN system TEXT NOT NULL DEFAULT '';
