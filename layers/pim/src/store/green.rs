//! Green mode, and how nodes stand where it is on.

use super::{
    amount, column,
    schema::{pim_green, pim_rest},
};
use crate::model::{GreenMode, MaintenanceTarget, Rest};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::{
    Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_repository::{Connection, RepositoryError, json, text, time};
use std::collections::BTreeMap;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = pim_green)]
struct Row {
    target: String,
    idle_seconds: i64,
    reserve: i64,
    wake_seconds: i64,
    set_at: NaiveDateTime,
    set_by: String,
    version: i64,
}

impl Row {
    fn new(mode: &GreenMode) -> Result<Self, RepositoryError> {
        Ok(Self {
            target: mode.target.to_string(),
            idle_seconds: mode.idle.num_seconds(),
            reserve: column(mode.reserve.into()),
            wake_seconds: mode.wake_within.num_seconds(),
            set_at: time::to_column(mode.set_at),
            set_by: json::to_column("actor", &mode.set_by)?,
            version: mode.version,
        })
    }

    fn mode(self) -> Result<GreenMode, RepositoryError> {
        Ok(GreenMode {
            target: text::from_column("target of green mode", &self.target)?,
            idle: TimeDelta::seconds(self.idle_seconds),
            reserve: u32::try_from(amount(self.reserve)).unwrap_or(u32::MAX),
            wake_within: TimeDelta::seconds(self.wake_seconds),
            set_at: time::from_column(self.set_at),
            set_by: json::from_column("actor", &self.set_by)?,
            version: self.version,
        })
    }
}

/// Where it is on, by target.
pub(crate) fn green_list(connection: &mut Connection) -> Result<Vec<GreenMode>, RepositoryError> {
    let rows: Vec<Row> = pim_green::table.select(Row::as_select()).order(pim_green::target).load(connection)?;
    rows.into_iter().map(Row::mode).collect()
}

/// Writes what holds for a target.
pub(crate) fn green_put(connection: &mut Connection, mode: &GreenMode) -> Result<(), RepositoryError> {
    green_delete(connection, &mode.target)?;
    diesel::insert_into(pim_green::table).values(Row::new(mode)?).execute(connection)?;
    Ok(())
}

/// Forgets what holds for a target.
pub(crate) fn green_delete(connection: &mut Connection, target: &MaintenanceTarget) -> Result<(), RepositoryError> {
    diesel::delete(pim_green::table.find(target.to_string())).execute(connection)?;
    Ok(())
}

/// How each node stands of which something is kept.
pub(crate) fn rest_list(connection: &mut Connection) -> Result<BTreeMap<String, Rest>, RepositoryError> {
    let rows: Vec<(String, String)> = pim_rest::table.select((pim_rest::node, pim_rest::rest)).load(connection)?;
    rows.into_iter().map(|(node, rest)| Ok((node, json::from_column("rest of a node", &rest)?))).collect()
}

/// How a node stands.
pub(crate) fn rest_get(connection: &mut Connection, node: &str) -> Result<Option<Rest>, RepositoryError> {
    let row: Option<String> = pim_rest::table.find(node).select(pim_rest::rest).first(connection).optional()?;
    row.map(|rest| json::from_column("rest of a node", &rest)).transpose()
}

/// Writes how a node stands. None: nothing is kept of it.
pub(crate) fn rest_put(connection: &mut Connection, node: &str, rest: Option<&Rest>) -> Result<(), RepositoryError> {
    use diesel::ExpressionMethods as _;
    diesel::delete(pim_rest::table.find(node)).execute(connection)?;
    if let Some(rest) = rest {
        let row = (pim_rest::node.eq(node), pim_rest::rest.eq(json::to_column("rest", rest)?));
        diesel::insert_into(pim_rest::table).values(row).execute(connection)?;
    }
    Ok(())
}
