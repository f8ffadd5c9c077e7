DROP TABLE application_revision;
DROP TABLE application;
