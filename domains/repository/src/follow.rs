//! How far those who follow the event log have read it.
//!
//! A follower reads and computes without a lock, then writes all that came out
//! and its new position in one transaction. So a process that is killed leaves
//! either nothing or a whole round, and of two that follow at one time one does
//! each round.

use crate::{Connection, error::RepositoryError, schema::follower};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

/// How far the log was read, and how many rounds it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// The number of the last event that was read.
    pub sequence: i64,
    /// The number of the last round that wrote something.
    pub generation: i64,
}

/// Where a follower is; at the begin when it has never moved.
///
/// # Errors
/// When the database fails.
pub fn position(connection: &mut Connection, name: &str) -> Result<Position, RepositoryError> {
    let found: Option<(i64, i64)> =
        follower::table.find(name).select((follower::sequence, follower::generation)).first(connection).optional()?;
    Ok(found.map(|(sequence, generation)| Position { sequence, generation }).unwrap_or_default())
}

/// Moves a follower on from a position. False when somebody else has done so
/// meanwhile: then the round must write nothing.
///
/// # Errors
/// When the database fails.
pub fn position_move(
    connection: &mut Connection,
    name: &str,
    from: Position,
    sequence: i64,
) -> Result<bool, RepositoryError> {
    let to = (follower::sequence.eq(sequence), follower::generation.eq(from.generation + 1));
    let moved = if from.generation == 0 {
        let first = diesel::insert_into(follower::table).values((follower::name.eq(name), to.0, to.1));
        let first = first.on_conflict_do_nothing();
        match connection {
            Connection::Postgres(postgres) => first.execute(postgres)?,
            Connection::Sqlite(sqlite) => first.execute(sqlite)?,
        }
    } else {
        let still = follower::table.filter(follower::name.eq(name)).filter(follower::generation.eq(from.generation));
        diesel::update(still).set(to).execute(connection)?
    };
    Ok(moved > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::for_each_database;

    #[test]
    fn of_two_who_did_the_same_round_one_moves_on() {
        for_each_database(&[], async |database| {
            let at = |name: &'static str| database.read(move |connection| position(connection, name));
            let step = |name: &'static str, from: Position, to: i64| {
                database.write(move |connection| position_move(connection, name, from, to))
            };
            let begin = at("one").await.unwrap();
            assert_eq!(begin, Position::default());
            assert!(step("one", begin, 7).await.unwrap());
            assert!(!step("one", begin, 7).await.unwrap(), "somebody was faster");
            let then = at("one").await.unwrap();
            assert_eq!(then, Position { sequence: 7, generation: 1 });
            assert!(step("one", then, 7).await.unwrap(), "a round may read no event");
            assert!(!step("one", then, 9).await.unwrap());
            assert_eq!(at("two").await.unwrap(), Position::default(), "each follows for itself");
        });
    }
}
