//! Courses of machines, what is in them, and what was measured of them, as rows.

use super::{
    AT_ONCE,
    tables::{sustainability_machine, sustainability_reading, sustainability_workload},
};
use crate::course::Machine;
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
    dsl,
};
use hansa_ontology::ProjectId;
use hansa_repository::{Connection, RepositoryError, json};
use std::collections::BTreeMap;

/// Courses by the ids of their machines.
pub(crate) type Machines = BTreeMap<String, Machine>;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = sustainability_machine)]
struct Row {
    machine: String,
    project: String,
    is_open: bool,
    counted_to: i64,
    body: String,
}

impl Row {
    fn new(id: &str, machine: &Machine) -> Result<Self, RepositoryError> {
        Ok(Self {
            machine: id.to_owned(),
            project: machine.terms().map(|terms| terms.project.to_string()).unwrap_or_default(),
            is_open: machine.is_open(),
            counted_to: machine.counted_to,
            body: json::to_column("course of a machine", machine)?,
        })
    }

    fn read(self) -> Result<(String, Machine), RepositoryError> {
        Ok((self.machine, json::from_column("course of a machine", &self.body)?))
    }
}

/// What is known of these machines.
pub(crate) fn machines_get(connection: &mut Connection, ids: &[String]) -> Result<Machines, RepositoryError> {
    let mut found = Machines::new();
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<Row> = sustainability_machine::table
            .filter(sustainability_machine::machine.eq_any(some.to_vec()))
            .select(Row::as_select())
            .load(connection)?;
        for row in rows {
            found.extend([row.read()?]);
        }
    }
    Ok(found)
}

/// Writes courses in the place of what was known.
pub(crate) fn machines_put(connection: &mut Connection, machines: &Machines) -> Result<(), RepositoryError> {
    for (id, machine) in machines {
        diesel::delete(sustainability_machine::table.find(id)).execute(connection)?;
        diesel::insert_into(sustainability_machine::table).values(Row::new(id, machine)?).execute(connection)?;
    }
    Ok(())
}

/// Some machines with an hour that is over before a moment and not counted.
pub(crate) fn machines_due(connection: &mut Connection, hour: i64, limit: i64) -> Result<Machines, RepositoryError> {
    let rows: Vec<Row> = sustainability_machine::table
        .filter(sustainability_machine::is_open.eq(true))
        .filter(sustainability_machine::counted_to.lt(hour))
        .order((sustainability_machine::counted_to, sustainability_machine::machine))
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// The first hour that is not counted of any machine that is open.
pub(crate) fn machines_first(connection: &mut Connection) -> Result<Option<i64>, RepositoryError> {
    Ok(sustainability_machine::table
        .filter(sustainability_machine::is_open.eq(true))
        .select(dsl::min(sustainability_machine::counted_to))
        .first(connection)?)
}

/// The machines of a project, or of all, with something that is not counted.
pub(crate) fn machines_open(
    connection: &mut Connection,
    project: Option<&ProjectId>,
) -> Result<Machines, RepositoryError> {
    let mut query = sustainability_machine::table
        .filter(sustainability_machine::is_open.eq(true))
        .select(Row::as_select())
        .into_boxed();
    if let Some(project) = project {
        query = query.filter(sustainability_machine::project.eq(project.to_string()));
    }
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// In which machines workloads are.
pub(crate) fn workloads_get(
    connection: &mut Connection,
    ids: &[String],
) -> Result<BTreeMap<String, String>, RepositoryError> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(AT_ONCE) {
        let rows: Vec<(String, String)> = sustainability_workload::table
            .filter(sustainability_workload::workload.eq_any(some.to_vec()))
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Notes in which machine workloads are; none: in none any more.
pub(crate) fn workloads_put(
    connection: &mut Connection,
    workloads: &BTreeMap<String, Option<String>>,
) -> Result<(), RepositoryError> {
    for (workload, machine) in workloads {
        diesel::delete(sustainability_workload::table.find(workload)).execute(connection)?;
        let Some(machine) = machine else { continue };
        diesel::insert_into(sustainability_workload::table)
            .values((sustainability_workload::workload.eq(workload), sustainability_workload::machine.eq(machine)))
            .execute(connection)?;
    }
    Ok(())
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReadingKind {
    /// The machine's power in milliwatts.
    Power,
    /// What is used of processors, in thousandths of one.
    Processors,
}

/// A reading as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The machine's id.
    pub(crate) machine: String,
    /// A workload's id; empty: the machine itself.
    pub(crate) thing: String,
    pub(crate) kind: ReadingKind,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) value: i64,
}

const fn number(kind: ReadingKind) -> i32 {
    match kind {
        ReadingKind::Power => 0,
        ReadingKind::Processors => 1,
    }
}

/// Keeps readings; one that is known already changes nothing.
pub(crate) fn readings_put(connection: &mut Connection, readings: &[Reading]) -> Result<(), RepositoryError> {
    for reading in readings {
        let key = (&reading.machine, &reading.thing, number(reading.kind), reading.at);
        diesel::delete(sustainability_reading::table.find(key)).execute(connection)?;
        diesel::insert_into(sustainability_reading::table)
            .values((
                sustainability_reading::machine.eq(&reading.machine),
                sustainability_reading::thing.eq(&reading.thing),
                sustainability_reading::kind.eq(number(reading.kind)),
                sustainability_reading::at.eq(reading.at),
                sustainability_reading::value.eq(reading.value),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// The readings of a machine and of what is in it, of a time in milliseconds, in its order.
pub(crate) fn readings_get(
    connection: &mut Connection,
    machine: &str,
    (from, to): (i64, i64),
) -> Result<Vec<Reading>, RepositoryError> {
    let rows: Vec<(String, i32, i64, i64)> = sustainability_reading::table
        .filter(sustainability_reading::machine.eq(machine))
        .filter(sustainability_reading::at.ge(from))
        .filter(sustainability_reading::at.lt(to))
        .order((sustainability_reading::at, sustainability_reading::thing))
        .select((
            sustainability_reading::thing,
            sustainability_reading::kind,
            sustainability_reading::at,
            sustainability_reading::value,
        ))
        .load(connection)?;
    let read = |(thing, kind, at, value)| {
        let kind = if kind == number(ReadingKind::Power) { ReadingKind::Power } else { ReadingKind::Processors };
        Reading { machine: machine.to_owned(), thing, kind, at, value }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Forgets readings of before a moment, in milliseconds.
pub(crate) fn readings_forget(connection: &mut Connection, before: i64) -> Result<(), RepositoryError> {
    let old = sustainability_reading::table.filter(sustainability_reading::at.lt(before));
    diesel::delete(old).execute(connection)?;
    Ok(())
}
