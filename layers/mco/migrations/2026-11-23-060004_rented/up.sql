-- Whether the log says that the machine is rented: it is paid for from then on,
-- until the log says that it is no more.
ALTER TABLE machine ADD COLUMN rented BOOLEAN NOT NULL DEFAULT FALSE;
