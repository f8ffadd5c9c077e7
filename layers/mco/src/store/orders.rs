//! What was last asked of machines of partners, as rows.

use super::machine_order;
use crate::orders::PlacedOrder;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::MachineId;
use hansa_repository::{Connection, RepositoryError, json, text};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = machine_order)]
struct OrderRow {
    machine: String,
    generation: i64,
    model: String,
    since: String,
    handed_on: bool,
}

impl OrderRow {
    fn into_order(self) -> Result<PlacedOrder, RepositoryError> {
        Ok(PlacedOrder {
            machine: text::from_column("machine of an order", &self.machine)?,
            generation: self.generation,
            model: json::from_column("model of an order", &self.model)?,
            since: json::from_column("generations of an order", &self.since)?,
            handed_on: self.handed_on,
        })
    }
}

pub(crate) fn order_get(
    connection: &mut Connection,
    machine: MachineId,
) -> Result<Option<PlacedOrder>, RepositoryError> {
    let row: Option<OrderRow> =
        machine_order::table.find(machine.to_string()).select(OrderRow::as_select()).first(connection).optional()?;
    row.map(OrderRow::into_order).transpose()
}

/// Writes what is asked now, in the place of what was.
pub(crate) fn order_write(connection: &mut Connection, order: &PlacedOrder) -> Result<(), RepositoryError> {
    let row = OrderRow {
        machine: order.machine.to_string(),
        generation: order.generation,
        model: json::to_column("model of an order", &order.model)?,
        since: json::to_column("generations of an order", &order.since)?,
        handed_on: order.handed_on,
    };
    diesel::delete(machine_order::table.find(&row.machine)).execute(connection)?;
    diesel::insert_into(machine_order::table).values(row).execute(connection)?;
    Ok(())
}

/// Writes down that this generation was handed on.
pub(crate) fn order_handed_on(
    connection: &mut Connection,
    machine: MachineId,
    generation: i64,
) -> Result<(), RepositoryError> {
    diesel::update(machine_order::table.find(machine.to_string()))
        .filter(machine_order::generation.eq(generation))
        .set(machine_order::handed_on.eq(true))
        .execute(connection)?;
    Ok(())
}

pub(crate) fn order_delete(connection: &mut Connection, machine: MachineId) -> Result<(), RepositoryError> {
    diesel::delete(machine_order::table.find(machine.to_string())).execute(connection)?;
    Ok(())
}
