-- One database for each broker, and one for the OpenID provider.
CREATE DATABASE north;
CREATE DATABASE south;
CREATE DATABASE login;
