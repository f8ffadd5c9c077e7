-- What was measured of an order is asked by the application that it became.
CREATE INDEX assurance_standing_application ON assurance_standing (application, machine);
