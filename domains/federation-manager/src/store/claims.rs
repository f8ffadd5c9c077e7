//! Claims as rows, on both sides.

use crate::{
    orders::UsageRole,
    settlement::{ClaimRecord, ClaimState},
};
use chrono::NaiveDateTime;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::MachineId;
use hansa_repository::{Connection, RepositoryError, json, time};

diesel::table! {
    federation_claim (role, partner, id) {
        role -> Text,
        partner -> Text,
        id -> Text,
        order_id -> Text,
        state -> Text,
        living -> Bool,
        settled -> Bool,
        data -> Text,
        raised_at -> Timestamp,
    }
}

#[derive(Insertable, Queryable, Selectable, diesel::AsChangeset)]
#[diesel(table_name = federation_claim)]
struct Row {
    role: String,
    partner: String,
    id: String,
    order_id: String,
    state: String,
    living: bool,
    settled: bool,
    data: String,
    raised_at: NaiveDateTime,
}

impl Row {
    fn new(claim: &ClaimRecord) -> Result<Self, RepositoryError> {
        Ok(Self {
            role: claim.role.name().to_owned(),
            partner: claim.partner.clone(),
            id: claim.id.clone(),
            order_id: claim.order.to_string(),
            state: claim.state.name().to_owned(),
            living: claim.is_living(),
            settled: claim.settled_in.is_some(),
            data: json::to_column("claim", claim)?,
            raised_at: time::to_column(claim.raised_at),
        })
    }

    fn into_claim(self) -> Result<ClaimRecord, RepositoryError> {
        json::from_column("claim", &self.data)
    }
}

/// Writes a claim, new or changed.
pub(crate) fn save(connection: &mut Connection, claim: &ClaimRecord) -> Result<(), RepositoryError> {
    let row = Row::new(claim)?;
    let found = federation_claim::table.find((&row.role, &row.partner, &row.id));
    if diesel::update(found).set(&row).execute(connection)? == 0 {
        diesel::insert_into(federation_claim::table).values(row).execute(connection)?;
    }
    Ok(())
}

pub(crate) fn find(
    connection: &mut Connection,
    role: UsageRole,
    partner: &str,
    id: &str,
) -> Result<Option<ClaimRecord>, RepositoryError> {
    let row: Option<Row> = federation_claim::table
        .find((role.name(), partner, id))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(Row::into_claim).transpose()
}

/// All claims with this id: one, unless two partners have the same order.
pub(crate) fn named(connection: &mut Connection, id: &str) -> Result<Vec<ClaimRecord>, RepositoryError> {
    let rows: Vec<Row> =
        federation_claim::table.filter(federation_claim::id.eq(id)).select(Row::as_select()).load(connection)?;
    rows.into_iter().map(Row::into_claim).collect()
}

/// The claims about an order.
pub(crate) fn of_order(
    connection: &mut Connection,
    role: UsageRole,
    partner: &str,
    order: MachineId,
) -> Result<Vec<ClaimRecord>, RepositoryError> {
    let rows: Vec<Row> = federation_claim::table
        .filter(federation_claim::role.eq(role.name()))
        .filter(federation_claim::partner.eq(partner))
        .filter(federation_claim::order_id.eq(order.to_string()))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_claim).collect()
}

/// Claims between us and a partner that are accepted and in no agreed statement.
pub(crate) fn unsettled(connection: &mut Connection, partner: &str) -> Result<Vec<ClaimRecord>, RepositoryError> {
    let rows: Vec<Row> = federation_claim::table
        .filter(federation_claim::partner.eq(partner))
        .filter(federation_claim::state.eq(ClaimState::Accepted.name()))
        .filter(federation_claim::settled.eq(false))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_claim).collect()
}

/// Partners and ids of claims about which something is to be done.
pub(crate) fn living_keys(connection: &mut Connection) -> Result<Vec<(String, String)>, RepositoryError> {
    Ok(federation_claim::table
        .filter(federation_claim::living.eq(true))
        .select((federation_claim::partner, federation_claim::id))
        .load(connection)?)
}

/// The newest claims, in both roles.
pub(crate) fn list(connection: &mut Connection, limit: i64) -> Result<Vec<ClaimRecord>, RepositoryError> {
    let rows: Vec<Row> = federation_claim::table
        .order((federation_claim::raised_at.desc(), federation_claim::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_claim).collect()
}
