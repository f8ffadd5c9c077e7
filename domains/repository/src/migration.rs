//! Migrations of all rooms, run together at the start.

use crate::{
    Connection,
    error::{self, RepositoryError},
};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};
use std::collections::BTreeMap;

type Backend = <Connection as diesel::Connection>::Backend;
type BoxedMigration = Box<dyn Migration<Backend>>;

/// The migrations of one room.
///
/// Folders are named `2026-11-21-RRNNNN_name`, where RR is the room's number
/// and NNNN counts its migrations.
pub struct Migrations {
    both: Option<EmbeddedMigrations>,
    sqlite: Option<EmbeddedMigrations>,
    postgres: Option<EmbeddedMigrations>,
}

impl Migrations {
    /// Migrations whose SQL both databases take.
    #[must_use]
    pub const fn portable(both: EmbeddedMigrations) -> Self {
        Self { both: Some(both), sqlite: None, postgres: None }
    }

    /// Migrations for both databases, and besides some for each alone.
    #[must_use]
    pub const fn split(both: EmbeddedMigrations, sqlite: EmbeddedMigrations, postgres: EmbeddedMigrations) -> Self {
        Self { both: Some(both), sqlite: Some(sqlite), postgres: Some(postgres) }
    }

    fn of(&self, connection: &Connection) -> Result<Vec<BoxedMigration>, RepositoryError> {
        let own = match connection {
            Connection::Sqlite(_) => &self.sqlite,
            Connection::Postgres(_) => &self.postgres,
        };
        let mut all = Vec::new();
        for source in [&self.both, own].into_iter().flatten() {
            let found: Vec<BoxedMigration> = source.migrations().map_err(|error| RepositoryError::Internal {
                message: format!("migrations cannot be read: {error}"),
                source: None,
            })?;
            all.extend(found);
        }
        Ok(all)
    }
}

impl std::fmt::Debug for Migrations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrations").finish_non_exhaustive()
    }
}

/// Runs what is missing, within the caller's transaction, in the order of the versions.
pub(crate) fn run(connection: &mut Connection, rooms: &[&Migrations]) -> Result<(), RepositoryError> {
    let mut known: BTreeMap<MigrationVersion<'static>, BoxedMigration> = BTreeMap::new();
    for room in rooms {
        for migration in room.of(connection)? {
            let version = migration.name().version().as_owned();
            if let Some(twin) = known.insert(version, migration) {
                return Err(failed(&*twin, "two migrations have this version"));
            }
        }
    }
    let applied = connection.applied_migrations().map_err(|error| boxed("the table of migrations", &*error))?;
    let unknown: Vec<String> =
        applied.iter().filter(|version| !known.contains_key(version)).map(ToString::to_string).collect();
    if !unknown.is_empty() {
        return Err(RepositoryError::Newer { unknown });
    }
    for (version, migration) in &known {
        if !applied.contains(version) {
            tracing::debug!(migration = %migration.name(), "migrating");
            connection.run_migration(&**migration).map_err(|error| boxed(&migration.name().to_string(), &*error))?;
        }
    }
    Ok(())
}

fn failed(migration: &dyn Migration<Backend>, reason: &str) -> RepositoryError {
    RepositoryError::Migration { name: migration.name().to_string(), reason: reason.to_owned() }
}

/// A full disk or a locked file stays what it is; anything else is the migration's fault.
fn boxed(name: &str, error: &(dyn std::error::Error + Send + Sync)) -> RepositoryError {
    // diesel keeps the type of this error to itself, so its text has to do.
    let reason = error.to_string();
    match error::from_text(&reason, None) {
        RepositoryError::Internal { .. } => RepositoryError::Migration { name: name.to_owned(), reason },
        known => known,
    }
}
