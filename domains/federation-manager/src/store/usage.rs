//! Usage records as rows, on both sides.

use crate::orders::{Usage, UsageRole, UsageState};
use chrono::NaiveDateTime;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::MachineId;
use hansa_repository::{Connection, RepositoryError, json, time};

diesel::table! {
    federation_usage (role, partner, order_id, from_at) {
        role -> Text,
        partner -> Text,
        order_id -> Text,
        from_at -> Timestamp,
        to_at -> Timestamp,
        unit_seconds -> BigInt,
        state -> Text,
        told -> Bool,
        data -> Text,
    }
}

#[derive(Insertable, Queryable, Selectable, diesel::AsChangeset)]
#[diesel(table_name = federation_usage)]
struct Row {
    role: String,
    partner: String,
    order_id: String,
    from_at: NaiveDateTime,
    to_at: NaiveDateTime,
    unit_seconds: i64,
    state: String,
    told: bool,
    data: String,
}

impl Row {
    fn new(usage: &Usage) -> Result<Self, RepositoryError> {
        let record = &usage.record;
        Ok(Self {
            role: usage.role.name().to_owned(),
            partner: usage.partner.clone(),
            order_id: record.order.to_string(),
            from_at: time::to_column(record.from),
            to_at: time::to_column(record.to),
            unit_seconds: i64::try_from(record.unit_seconds).unwrap_or(i64::MAX),
            state: usage.state.name().to_owned(),
            told: usage.told,
            data: json::to_column("usage record", usage)?,
        })
    }

    fn into_usage(self) -> Result<Usage, RepositoryError> {
        json::from_column("usage record", &self.data)
    }
}

/// A new record.
///
/// # Errors
/// `Conflict` when there is one of the same order and begin.
pub(crate) fn insert(connection: &mut Connection, usage: &Usage) -> Result<(), RepositoryError> {
    diesel::insert_into(federation_usage::table).values(Row::new(usage)?).execute(connection)?;
    Ok(())
}

/// Writes what became of a record.
pub(crate) fn update(connection: &mut Connection, usage: &Usage) -> Result<(), RepositoryError> {
    let row = Row::new(usage)?;
    let key = (row.role.clone(), row.partner.clone(), row.order_id.clone(), row.from_at);
    diesel::update(federation_usage::table.find(key)).set(&row).execute(connection)?;
    Ok(())
}

pub(crate) fn find(
    connection: &mut Connection,
    role: UsageRole,
    partner: &str,
    order: MachineId,
    from: chrono::DateTime<chrono::Utc>,
) -> Result<Option<Usage>, RepositoryError> {
    let row: Option<Row> = federation_usage::table
        .find((role.name(), partner, order.to_string(), time::to_column(from)))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(Row::into_usage).transpose()
}

/// The records of an order, by their begin.
pub(crate) fn of_order(
    connection: &mut Connection,
    role: UsageRole,
    partner: &str,
    order: MachineId,
) -> Result<Vec<Usage>, RepositoryError> {
    let rows: Vec<Row> = federation_usage::table
        .filter(federation_usage::role.eq(role.name()))
        .filter(federation_usage::partner.eq(partner))
        .filter(federation_usage::order_id.eq(order.to_string()))
        .order(federation_usage::from_at.asc())
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_usage).collect()
}

/// Records of both roles between us and a partner that begin before a time and
/// are in no agreed statement.
pub(crate) fn unsettled(
    connection: &mut Connection,
    partner: &str,
    before: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<Usage>, RepositoryError> {
    let states = [UsageState::Reported, UsageState::Acknowledged, UsageState::Disputed].map(UsageState::name);
    let rows: Vec<Row> = federation_usage::table
        .filter(federation_usage::partner.eq(partner))
        .filter(federation_usage::state.eq_any(states))
        .filter(federation_usage::from_at.lt(time::to_column(before)))
        .order((federation_usage::order_id.asc(), federation_usage::from_at.asc()))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_usage).collect()
}

/// The newest records of both roles.
pub(crate) fn list(connection: &mut Connection, limit: i64) -> Result<Vec<Usage>, RepositoryError> {
    let rows: Vec<Row> = federation_usage::table
        .order((federation_usage::from_at.desc(), federation_usage::order_id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_usage).collect()
}
