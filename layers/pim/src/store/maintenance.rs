//! What is being drained, as rows.

use super::{amount, column, schema::pim_maintenance};
use crate::model::Maintenance;
use chrono::NaiveDateTime;
use diesel::{
    AsChangeset, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_repository::{Connection, RepositoryError, json, text, time};
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = pim_maintenance, treat_none_as_null = true)]
struct Row {
    id: String,
    target: String,
    reason: String,
    deadline: Option<NaiveDateTime>,
    leave_volumes: bool,
    machines: i64,
    begun_at: NaiveDateTime,
    begun_by: String,
    drained_at: Option<NaiveDateTime>,
    overdue_told: bool,
    version: i64,
}

impl Row {
    fn new(maintenance: &Maintenance) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: maintenance.id.to_string(),
            target: maintenance.target.to_string(),
            reason: maintenance.reason.clone(),
            deadline: maintenance.deadline.map(time::to_column),
            leave_volumes: maintenance.leave_volumes,
            machines: column(maintenance.machines_at_begin),
            begun_at: time::to_column(maintenance.begun_at),
            begun_by: json::to_column("actor", &maintenance.begun_by)?,
            drained_at: maintenance.drained_at.map(time::to_column),
            overdue_told: maintenance.overdue_told,
            version: maintenance.version,
        })
    }

    fn maintenance(self) -> Result<Maintenance, RepositoryError> {
        Ok(Maintenance {
            id: text::from_column("maintenance", &self.id)?,
            target: text::from_column("target of a maintenance", &self.target)?,
            reason: self.reason,
            deadline: self.deadline.map(time::from_column),
            leave_volumes: self.leave_volumes,
            machines_at_begin: amount(self.machines),
            begun_at: time::from_column(self.begun_at),
            begun_by: json::from_column("actor", &self.begun_by)?,
            drained_at: self.drained_at.map(time::from_column),
            overdue_told: self.overdue_told,
            version: self.version,
        })
    }
}

/// Everything that is being drained, the oldest first.
pub(crate) fn maintenance_list(connection: &mut Connection) -> Result<Vec<Maintenance>, RepositoryError> {
    let order = (pim_maintenance::begun_at, pim_maintenance::id);
    let rows: Vec<Row> = pim_maintenance::table.select(Row::as_select()).order(order).load(connection)?;
    rows.into_iter().map(Row::maintenance).collect()
}

/// One of them.
pub(crate) fn maintenance_get(connection: &mut Connection, id: Uuid) -> Result<Option<Maintenance>, RepositoryError> {
    let row: Option<Row> =
        pim_maintenance::table.find(id.to_string()).select(Row::as_select()).first(connection).optional()?;
    row.map(Row::maintenance).transpose()
}

pub(crate) fn maintenance_insert(connection: &mut Connection, new: &Maintenance) -> Result<(), RepositoryError> {
    diesel::insert_into(pim_maintenance::table).values(Row::new(new)?).execute(connection)?;
    Ok(())
}

pub(crate) fn maintenance_update(connection: &mut Connection, changed: &Maintenance) -> Result<(), RepositoryError> {
    let row = Row::new(changed)?;
    diesel::update(pim_maintenance::table.find(row.id.clone())).set(row).execute(connection)?;
    Ok(())
}

pub(crate) fn maintenance_delete(connection: &mut Connection, id: Uuid) -> Result<(), RepositoryError> {
    diesel::delete(pim_maintenance::table.find(id.to_string())).execute(connection)?;
    Ok(())
}
