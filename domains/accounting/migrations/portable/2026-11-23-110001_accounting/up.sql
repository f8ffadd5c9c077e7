-- The course of each thing's life, as far as it was metered: what was before
-- that hour (seconds since 1970) stands among the records.
CREATE TABLE accounting_course (
    thing TEXT PRIMARY KEY NOT NULL,
    project TEXT NOT NULL,
    running BOOLEAN NOT NULL,
    metered_to BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX accounting_course_running ON accounting_course (running, metered_to, thing);
CREATE INDEX accounting_course_project ON accounting_course (project, running);

-- Lives that have ended, for minimum terms. Seconds since 1970.
CREATE TABLE accounting_lifetime (
    thing TEXT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    project TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (thing, began)
);
CREATE INDEX accounting_lifetime_project ON accounting_lifetime (project, ended);

-- What could not be metered, or is not known: gaps, clocks that were wrong.
CREATE TABLE accounting_fault (
    id TEXT PRIMARY KEY NOT NULL,
    project TEXT,
    body TEXT NOT NULL
);

-- What records are quantities of. Those of one slot count the same of the same
-- thing. The rank says which of two holds where nothing else does.
CREATE TABLE accounting_subject (
    id BIGINT PRIMARY KEY NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    slot BIGINT NOT NULL,
    slot_digest TEXT NOT NULL,
    rank TEXT NOT NULL,
    project TEXT NOT NULL,
    included BOOLEAN NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX accounting_subject_slot ON accounting_subject (slot_digest);
CREATE INDEX accounting_subject_project ON accounting_subject (project, included);

-- What is stated by people: price plans, exchange and tax rates, accounts, the
-- seller, budgets and what they have told. By kind and name.
CREATE TABLE accounting_document (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    project TEXT,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);

-- The ledger, in the order in which it was booked. Days are written 2026-02-28.
CREATE TABLE accounting_entry (
    place BIGINT PRIMARY KEY NOT NULL,
    id TEXT NOT NULL UNIQUE,
    day TEXT NOT NULL,
    entry_group TEXT NOT NULL,
    about TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX accounting_entry_day ON accounting_entry (day, id);
CREATE INDEX accounting_entry_group ON accounting_entry (entry_group, about);
CREATE TABLE accounting_posting (
    entry BIGINT NOT NULL,
    side INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    day TEXT NOT NULL,
    debit BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    PRIMARY KEY (entry, side)
);
CREATE INDEX accounting_posting_account ON accounting_posting (account, currency, day);
CREATE TABLE accounting_closing (
    through TEXT PRIMARY KEY NOT NULL,
    entries BIGINT NOT NULL,
    digest TEXT NOT NULL
);

-- Invoices and credit notes, as the exact bytes that were issued. Numbers are
-- without a gap in each series and year.
CREATE TABLE accounting_invoice (
    number TEXT PRIMARY KEY NOT NULL,
    series TEXT NOT NULL,
    year INTEGER NOT NULL,
    serial BIGINT NOT NULL,
    project TEXT NOT NULL,
    month TEXT NOT NULL,
    credit BOOLEAN NOT NULL,
    taken_back BOOLEAN NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (series, year, serial)
);
CREATE INDEX accounting_invoice_project ON accounting_invoice (project, month);
-- What an invoice rests on, as it was charged.
CREATE TABLE accounting_charge (
    invoice TEXT NOT NULL,
    place BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (invoice, place)
);
