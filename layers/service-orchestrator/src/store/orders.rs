//! The applications that are orders of partners, as rows.

use super::delivery_order;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::{ApplicationId, MachineId};
use hansa_repository::{Connection, RepositoryError};

/// The latest generation of the order that was taken on; None: it is no order.
pub(crate) fn generation(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<Option<i64>, RepositoryError> {
    Ok(delivery_order::table
        .find(application.to_string())
        .select(delivery_order::generation)
        .first(connection)
        .optional()?)
}

/// Writes a new order down, whose application is there.
pub(crate) fn order_insert(
    connection: &mut Connection,
    application: ApplicationId,
    order: MachineId,
    partner: &str,
    generation: i64,
) -> Result<(), RepositoryError> {
    diesel::insert_into(delivery_order::table)
        .values((
            delivery_order::application.eq(application.to_string()),
            delivery_order::order_id.eq(order.to_string()),
            delivery_order::partner.eq(partner),
            delivery_order::generation.eq(generation),
        ))
        .execute(connection)?;
    Ok(())
}

/// A later generation was taken on.
pub(crate) fn generation_set(
    connection: &mut Connection,
    application: ApplicationId,
    generation: i64,
) -> Result<(), RepositoryError> {
    diesel::update(delivery_order::table.find(application.to_string()))
        .set(delivery_order::generation.eq(generation))
        .execute(connection)?;
    Ok(())
}
