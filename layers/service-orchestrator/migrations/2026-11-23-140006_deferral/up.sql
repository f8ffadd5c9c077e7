-- Jobs that may wait: since when, until when, what was decided, and whether they were begun.
CREATE TABLE deferral (
    application TEXT NOT NULL REFERENCES application (id),
    component TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (application, component)
);
