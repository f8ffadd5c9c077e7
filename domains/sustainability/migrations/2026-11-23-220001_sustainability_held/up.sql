-- What components reserved of processors in an hour: seconds of thousandths of a
-- virtual processor. None of hours that were counted before this was.
ALTER TABLE sustainability_cell ADD COLUMN held BIGINT;
