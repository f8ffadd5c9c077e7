//! What each hour of each subject drew, as rows.

use super::{
    AT_ONCE, small,
    tables::{sustainability_cell, sustainability_subject},
};
use crate::{
    course::{Cell, Subject},
    quantity::{Carbon, Energy},
};
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
    dsl,
};
use hansa_ontology::{ProjectId, SiteId};
use hansa_repository::{Connection, RepositoryError, json};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// The name space of the digests of subjects (RFC 9562, version 5).
const SUBJECTS: Uuid = Uuid::from_u128(0x8f0e_6b52_7d41_5c0a_a1f4_9c37_20de_5b18);

/// Cells by subject and hour.
pub(crate) type Cells = BTreeMap<(Arc<Subject>, i64), Cell>;

/// Which cells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window {
    /// Whose; none: everybody's.
    pub(crate) project: Option<ProjectId>,
    /// Of which site; none: of all.
    pub(crate) site: Option<SiteId>,
    /// From the hour that begins then,
    pub(crate) from: i64,
    /// before the one that begins then.
    pub(crate) to: i64,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = sustainability_cell)]
struct Row {
    subject: i64,
    hour: i64,
    measured: i64,
    utilised: i64,
    stated: i64,
    assumed: i64,
    embodied: i64,
    energy_unknown: i64,
    embodied_unknown: i64,
    held: Option<i64>,
}

impl Row {
    fn new(subject: i64, hour: i64, cell: &Cell) -> Result<Self, RepositoryError> {
        let energy = |energy: Energy| small("energy of an hour", energy.get());
        Ok(Self {
            subject,
            hour,
            measured: energy(cell.measured)?,
            utilised: energy(cell.utilised)?,
            stated: energy(cell.stated)?,
            assumed: energy(cell.assumed)?,
            embodied: small("embodied carbon of an hour", cell.embodied.get())?,
            energy_unknown: small("seconds", cell.energy_unknown.into())?,
            embodied_unknown: small("seconds", cell.embodied_unknown.into())?,
            held: cell.held.map(|held| small("seconds of processors", held.into())).transpose()?,
        })
    }

    fn cell(&self) -> Cell {
        let energy = |microjoules: i64| Energy::of(microjoules.into());
        Cell {
            measured: energy(self.measured),
            utilised: energy(self.utilised),
            stated: energy(self.stated),
            assumed: energy(self.assumed),
            embodied: Carbon::of(self.embodied.into()),
            energy_unknown: self.energy_unknown.unsigned_abs(),
            embodied_unknown: self.embodied_unknown.unsigned_abs(),
            held: self.held.map(i64::unsigned_abs),
        }
    }
}

fn digest(body: &str) -> String {
    Uuid::new_v5(&SUBJECTS, body.as_bytes()).simple().to_string()
}

/// Writes cells that were not there before.
pub(crate) fn cells_add(connection: &mut Connection, cells: &Cells) -> Result<(), RepositoryError> {
    let numbers = numbered(connection, cells.keys().map(|(subject, _)| subject))?;
    for ((subject, hour), cell) in cells {
        let Some(id) = numbers.get(subject) else { continue };
        diesel::insert_into(sustainability_cell::table).values(Row::new(*id, *hour, cell)?).execute(connection)?;
    }
    Ok(())
}

/// The numbers of subjects; new ones are written down.
fn numbered<'s>(
    connection: &mut Connection,
    subjects: impl Iterator<Item = &'s Arc<Subject>>,
) -> Result<BTreeMap<Arc<Subject>, i64>, RepositoryError> {
    let mut bodies = BTreeMap::new();
    for subject in subjects {
        if !bodies.contains_key(subject) {
            let body = json::to_column("subject of energy", &**subject)?;
            bodies.insert(Arc::clone(subject), (digest(&body), body));
        }
    }
    let mut known: BTreeMap<String, i64> = BTreeMap::new();
    let digests: Vec<String> = bodies.values().map(|(digest, _)| digest.clone()).collect();
    for some in digests.chunks(AT_ONCE) {
        let rows: Vec<(String, i64)> = sustainability_subject::table
            .filter(sustainability_subject::digest.eq_any(some.to_vec()))
            .select((sustainability_subject::digest, sustainability_subject::id))
            .load(connection)?;
        known.extend(rows);
    }
    let last: Option<i64> =
        sustainability_subject::table.select(dsl::max(sustainability_subject::id)).first(connection)?;
    let mut next = last.unwrap_or_default();
    let mut numbers = BTreeMap::new();
    for (subject, (digest, body)) in bodies {
        let id = match known.get(&digest) {
            Some(id) => *id,
            None => {
                next += 1;
                diesel::insert_into(sustainability_subject::table)
                    .values((
                        sustainability_subject::id.eq(next),
                        sustainability_subject::digest.eq(digest),
                        sustainability_subject::project.eq(subject.project.as_str()),
                        sustainability_subject::site.eq(subject.site.as_str()),
                        sustainability_subject::body.eq(body),
                    ))
                    .execute(connection)?;
                next
            }
        };
        numbers.insert(subject, id);
    }
    Ok(numbers)
}

/// The cells of a window.
pub(crate) fn cells_load(connection: &mut Connection, window: &Window) -> Result<Cells, RepositoryError> {
    let mut query = sustainability_cell::table
        .inner_join(sustainability_subject::table)
        .filter(sustainability_cell::hour.ge(window.from))
        .filter(sustainability_cell::hour.lt(window.to))
        .select(Row::as_select())
        .into_boxed();
    let mut named =
        sustainability_subject::table.select((sustainability_subject::id, sustainability_subject::body)).into_boxed();
    if let Some(project) = &window.project {
        query = query.filter(sustainability_subject::project.eq(project.to_string()));
        named = named.filter(sustainability_subject::project.eq(project.to_string()));
    }
    if let Some(site) = &window.site {
        query = query.filter(sustainability_subject::site.eq(site.to_string()));
        named = named.filter(sustainability_subject::site.eq(site.to_string()));
    }
    let rows: Vec<Row> = query.load(connection)?;
    let named: Vec<(i64, String)> = named.load(connection)?;
    let mut subjects: BTreeMap<i64, Arc<Subject>> = BTreeMap::new();
    for (id, body) in named {
        subjects.insert(id, Arc::new(json::from_column("subject of energy", &body)?));
    }
    let missing = || RepositoryError::unreadable("energy of an hour", &"its subject is missing");
    rows.iter()
        .map(|row| Ok(((Arc::clone(subjects.get(&row.subject).ok_or_else(missing)?), row.hour), row.cell())))
        .collect()
}
