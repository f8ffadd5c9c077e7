//! The demo's three-tier application: proxy, application and database in one small program.
