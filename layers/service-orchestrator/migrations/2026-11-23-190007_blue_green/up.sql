-- A revision that takes the place of another all at once: since when, and how far it is.
CREATE TABLE blue_green_update (
    application TEXT NOT NULL PRIMARY KEY REFERENCES application (id),
    body TEXT NOT NULL
);
