//! What policies remember and last decided, as rows.

use super::scaling_memory;
use crate::scaling::Memory;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::ApplicationId;
use hansa_repository::{Connection, RepositoryError, json, time};
use hansa_scaling::Decision;

/// What was written after the latest round.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remembered {
    pub(crate) memory: Memory,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) decided_at: DateTime<Utc>,
}

/// None: no round has been written yet.
pub(crate) fn remembered(
    connection: &mut Connection,
    of: ApplicationId,
) -> Result<Option<Remembered>, RepositoryError> {
    let row: Option<(String, String, NaiveDateTime)> = scaling_memory::table
        .find(of.to_string())
        .select((scaling_memory::memory, scaling_memory::decisions, scaling_memory::decided_at))
        .first(connection)
        .optional()?;
    row.map(|(memory, decisions, at)| {
        Ok(Remembered {
            memory: json::from_column("memory of scaling", &memory)?,
            decisions: json::from_column("decisions of scaling", &decisions)?,
            decided_at: time::from_column(at),
        })
    })
    .transpose()
}

/// Writes down what a round came to.
pub(crate) fn remember(
    connection: &mut Connection,
    of: ApplicationId,
    round: &Remembered,
) -> Result<(), RepositoryError> {
    let values = (
        scaling_memory::memory.eq(json::to_column("memory of scaling", &round.memory)?),
        scaling_memory::decisions.eq(json::to_column("decisions of scaling", &round.decisions)?),
        scaling_memory::decided_at.eq(time::to_column(round.decided_at)),
    );
    let known = diesel::update(scaling_memory::table.find(of.to_string())).set(values.clone()).execute(connection)?;
    if known == 0 {
        let new = (scaling_memory::application.eq(of.to_string()), values);
        diesel::insert_into(scaling_memory::table).values(new).execute(connection)?;
    }
    Ok(())
}
