//! Statements with partners, as rows.

use crate::settlement::{Settlement, SettlementState};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_repository::{Connection, RepositoryError, json};

diesel::table! {
    federation_settlement (partner, id) {
        partner -> Text,
        id -> Text,
        currency -> Text,
        from_day -> Text,
        state -> Text,
        data -> Text,
    }
}

#[derive(Insertable, Queryable, Selectable, diesel::AsChangeset)]
#[diesel(table_name = federation_settlement)]
struct Row {
    partner: String,
    id: String,
    currency: String,
    from_day: String,
    state: String,
    data: String,
}

impl Row {
    fn new(settlement: &Settlement) -> Result<Self, RepositoryError> {
        Ok(Self {
            partner: settlement.partner.clone(),
            id: settlement.id.clone(),
            currency: settlement.currency.to_string(),
            from_day: settlement.from.to_string(),
            state: settlement.state.name().to_owned(),
            data: json::to_column("settlement", settlement)?,
        })
    }

    fn into_settlement(self) -> Result<Settlement, RepositoryError> {
        json::from_column("settlement", &self.data)
    }
}

/// Writes a statement, new or changed.
pub(crate) fn save(connection: &mut Connection, settlement: &Settlement) -> Result<(), RepositoryError> {
    let row = Row::new(settlement)?;
    let found = federation_settlement::table.find((&row.partner, &row.id));
    if diesel::update(found).set(&row).execute(connection)? == 0 {
        diesel::insert_into(federation_settlement::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// Forgets a statement that nobody has signed.
pub(crate) fn forget(connection: &mut Connection, partner: &str, id: &str) -> Result<(), RepositoryError> {
    diesel::delete(federation_settlement::table.find((partner, id))).execute(connection)?;
    Ok(())
}

pub(crate) fn find(
    connection: &mut Connection,
    partner: &str,
    id: &str,
) -> Result<Option<Settlement>, RepositoryError> {
    let row: Option<Row> =
        federation_settlement::table.find((partner, id)).select(Row::as_select()).first(connection).optional()?;
    row.map(Row::into_settlement).transpose()
}

/// The statement with this id: it names both brokers, so there is one.
pub(crate) fn named(connection: &mut Connection, id: &str) -> Result<Option<Settlement>, RepositoryError> {
    let row: Option<Row> = federation_settlement::table
        .filter(federation_settlement::id.eq(id))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(Row::into_settlement).transpose()
}

/// All statements with a partner in a state.
pub(crate) fn of_partner(
    connection: &mut Connection,
    partner: &str,
    state: SettlementState,
) -> Result<Vec<Settlement>, RepositoryError> {
    let rows: Vec<Row> = federation_settlement::table
        .filter(federation_settlement::partner.eq(partner))
        .filter(federation_settlement::state.eq(state.name()))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_settlement).collect()
}

/// All agreed statements.
pub(crate) fn agreed(connection: &mut Connection) -> Result<Vec<Settlement>, RepositoryError> {
    let rows: Vec<Row> = federation_settlement::table
        .filter(federation_settlement::state.eq(SettlementState::Agreed.name()))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_settlement).collect()
}

/// Partners and ids of statements that aren't agreed.
pub(crate) fn open_keys(connection: &mut Connection) -> Result<Vec<(String, String)>, RepositoryError> {
    Ok(federation_settlement::table
        .filter(federation_settlement::state.ne(SettlementState::Agreed.name()))
        .select((federation_settlement::partner, federation_settlement::id))
        .load(connection)?)
}

/// The latest statements, the newest period first.
pub(crate) fn list(connection: &mut Connection, limit: i64) -> Result<Vec<Settlement>, RepositoryError> {
    let rows: Vec<Row> = federation_settlement::table
        .order((federation_settlement::from_day.desc(), federation_settlement::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_settlement).collect()
}
