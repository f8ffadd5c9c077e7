//! Management, catalogue and repository (ICRA): the database with its
//! migrations, the event log, the work queue, operations, idempotency keys and
//! the catalogue of providers, sites and offers.
//!
//! Outside this crate only a room's own `store` module knows diesel. How a
//! room makes its store is told in this crate's README.md.

pub mod ambient;
mod any_connection;
pub mod breach;
pub mod catalogue;
mod change;
mod connection;
mod database;
mod error;
pub mod event;
pub mod follow;
pub mod idempotency;
pub mod json;
pub mod life;
mod migration;
pub mod operation;
pub mod page;
pub mod project;
pub mod report;
pub mod request;
mod schema;
mod scope;
pub mod shifted;
pub mod system;
#[doc(hidden)]
pub mod testing;
pub mod text;
pub mod time;
mod url;
pub mod work;

pub use any_connection::AnyConnection as Connection;
pub use change::OwnerChange;
pub use database::{Database, DatabaseOptions};
pub use error::{ErrorKind, RepositoryError};
pub use migration::Migrations;
pub use url::DatabaseUrl;

use diesel_migrations::embed_migrations;

/// The repository's own tables. [`Database::open`] runs these first.
pub(crate) const MIGRATIONS: Migrations = Migrations::split(
    embed_migrations!("migrations/portable"),
    embed_migrations!("migrations/sqlite"),
    embed_migrations!("migrations/postgres"),
);
