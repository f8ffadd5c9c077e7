//! This room's tables. The one module here that knows diesel; rows stay within it.

pub(crate) mod account;
pub(crate) mod login;
pub(crate) mod machine;
pub(crate) mod member;
pub(crate) mod organisation;
pub(crate) mod project;
pub(crate) mod quota;
pub(crate) mod session;
pub(crate) mod testing;
pub(crate) mod token;

use diesel_migrations::embed_migrations;
use hansa_repository::Migrations;

/// This room's tables.
pub const MIGRATIONS: Migrations = Migrations::split(
    embed_migrations!("migrations"),
    embed_migrations!("migrations-sqlite"),
    embed_migrations!("migrations-postgres"),
);
