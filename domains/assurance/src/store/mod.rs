//! This crate's tables: how far the log was read, rentals with a promise, how
//! each objective stood, breaches, announced maintenance. The only module here
//! that knows diesel.

mod course;
mod standing;
mod tables;

pub(crate) use course::{
    announcement_delete, announcement_find, announcement_insert, announcements_list, announcements_since, courses_get,
    courses_put, courses_to_look_at,
};
pub(crate) use standing::{
    BreachFilter, StandingFilter, breach_insert, breaches_list, forget, standings_list, standings_put,
};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use diesel_migrations::embed_migrations;
use hansa_repository::{Connection, Migrations, RepositoryError};
use tables::assurance_position;

/// This crate's tables.
pub const MIGRATIONS: Migrations = Migrations::portable(embed_migrations!("migrations/portable"));

/// How many names one statement asks for.
const AT_ONCE: usize = 500;

/// How far the log was read, and how many rounds it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The number of the last event that was read.
    pub(crate) sequence: i64,
    /// The number of the last round that wrote something.
    pub(crate) generation: i64,
}

pub(crate) fn position(connection: &mut Connection) -> Result<Position, RepositoryError> {
    let (sequence, generation) = assurance_position::table
        .select((assurance_position::sequence, assurance_position::generation))
        .first(connection)?;
    Ok(Position { sequence, generation })
}

/// Moves on from a position. False when somebody else has done so meanwhile:
/// then the round must write nothing.
pub(crate) fn position_move(
    connection: &mut Connection,
    from: Position,
    sequence: i64,
) -> Result<bool, RepositoryError> {
    let still = assurance_position::table.filter(assurance_position::generation.eq(from.generation));
    let moved = diesel::update(still)
        .set((assurance_position::sequence.eq(sequence), assurance_position::generation.eq(from.generation + 1)))
        .execute(connection)?;
    Ok(moved > 0)
}
