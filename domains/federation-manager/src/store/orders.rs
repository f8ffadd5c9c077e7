//! Orders given and taken, as rows. What is asked for by is a column; the rest
//! is one JSON document.

use crate::orders::{Purchase, Sale};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::{ApplicationId, MachineId};
use hansa_repository::{Connection, RepositoryError, json, time};

diesel::table! {
    federation_purchase (id) {
        id -> Text,
        partner -> Text,
        application -> Text,
        offer -> Text,
        wish -> Text,
        living -> Bool,
        negotiation -> Nullable<Text>,
        data -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    federation_sale (partner, id) {
        partner -> Text,
        id -> Text,
        offer -> Text,
        wish -> Text,
        living -> Bool,
        data -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    federation_tombstone (partner, id) {
        partner -> Text,
        id -> Text,
        at -> Timestamp,
    }
}

#[derive(Insertable, Queryable, Selectable, diesel::AsChangeset)]
#[diesel(table_name = federation_purchase, treat_none_as_null = true)]
struct PurchaseRow {
    id: String,
    partner: String,
    application: String,
    offer: String,
    wish: String,
    living: bool,
    negotiation: Option<String>,
    data: String,
    updated_at: NaiveDateTime,
}

#[derive(Insertable, Queryable, Selectable, diesel::AsChangeset)]
#[diesel(table_name = federation_sale)]
struct SaleRow {
    partner: String,
    id: String,
    offer: String,
    wish: String,
    living: bool,
    data: String,
    updated_at: NaiveDateTime,
}

impl PurchaseRow {
    fn new(purchase: &Purchase, now: DateTime<Utc>) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: purchase.id.to_string(),
            partner: purchase.partner.clone(),
            application: purchase.application.to_string(),
            offer: purchase.offer.id.to_string(),
            wish: purchase.wish.name().to_owned(),
            living: !purchase.ended,
            negotiation: purchase.negotiation.clone(),
            data: json::to_column("order", purchase)?,
            updated_at: time::to_column(now),
        })
    }

    fn into_purchase(self) -> Result<Purchase, RepositoryError> {
        json::from_column("order", &self.data)
    }
}

impl SaleRow {
    fn new(sale: &Sale, now: DateTime<Utc>) -> Result<Self, RepositoryError> {
        Ok(Self {
            partner: sale.partner.clone(),
            id: sale.id.to_string(),
            offer: sale.offer.id.to_string(),
            wish: sale.wish.name().to_owned(),
            living: sale.is_living(),
            data: json::to_column("order of a partner", sale)?,
            updated_at: time::to_column(now),
        })
    }

    fn into_sale(self) -> Result<Sale, RepositoryError> {
        json::from_column("order of a partner", &self.data)
    }
}

/// Writes an order that this broker gives, new or changed.
pub(crate) fn purchase_save(
    connection: &mut Connection,
    purchase: &Purchase,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let row = PurchaseRow::new(purchase, now)?;
    let changed =
        diesel::update(federation_purchase::table.find(purchase.id.to_string())).set(&row).execute(connection)?;
    if changed == 0 {
        diesel::insert_into(federation_purchase::table).values(row).execute(connection)?;
    }
    Ok(())
}

pub(crate) fn purchase(connection: &mut Connection, id: MachineId) -> Result<Option<Purchase>, RepositoryError> {
    let row: Option<PurchaseRow> = federation_purchase::table
        .find(id.to_string())
        .select(PurchaseRow::as_select())
        .first(connection)
        .optional()?;
    row.map(PurchaseRow::into_purchase).transpose()
}

/// All orders given for an application that are not ended.
pub(crate) fn purchases_of_application(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<Vec<Purchase>, RepositoryError> {
    let rows: Vec<PurchaseRow> = federation_purchase::table
        .filter(federation_purchase::application.eq(application.to_string()))
        .filter(federation_purchase::living.eq(true))
        .order(federation_purchase::id.asc())
        .select(PurchaseRow::as_select())
        .load(connection)?;
    rows.into_iter().map(PurchaseRow::into_purchase).collect()
}

/// All orders given to a partner, or to any, that are not ended.
pub(crate) fn purchases_living(
    connection: &mut Connection,
    partner: Option<&str>,
) -> Result<Vec<Purchase>, RepositoryError> {
    let mut query = federation_purchase::table
        .filter(federation_purchase::living.eq(true))
        .order(federation_purchase::id.asc())
        .select(PurchaseRow::as_select())
        .into_boxed();
    if let Some(partner) = partner {
        query = query.filter(federation_purchase::partner.eq(partner.to_owned()));
    }
    let rows: Vec<PurchaseRow> = query.load(connection)?;
    rows.into_iter().map(PurchaseRow::into_purchase).collect()
}

/// Ids of the living orders that wait for a negotiation.
pub(crate) fn purchases_waiting(
    connection: &mut Connection,
    negotiation: &str,
) -> Result<Vec<(String, String)>, RepositoryError> {
    Ok(federation_purchase::table
        .filter(federation_purchase::negotiation.eq(negotiation))
        .filter(federation_purchase::living.eq(true))
        .select((federation_purchase::partner, federation_purchase::id))
        .load(connection)?)
}

/// Ids and partners of all living orders that this broker gives.
pub(crate) fn purchase_keys(connection: &mut Connection) -> Result<Vec<(String, String)>, RepositoryError> {
    Ok(federation_purchase::table
        .filter(federation_purchase::living.eq(true))
        .select((federation_purchase::partner, federation_purchase::id))
        .load(connection)?)
}

/// Writes an order or hold of a partner, new or changed.
pub(crate) fn sale_save(connection: &mut Connection, sale: &Sale, now: DateTime<Utc>) -> Result<(), RepositoryError> {
    let row = SaleRow::new(sale, now)?;
    let key = (sale.partner.clone(), sale.id.to_string());
    if diesel::update(federation_sale::table.find(key)).set(&row).execute(connection)? == 0 {
        diesel::insert_into(federation_sale::table).values(row).execute(connection)?;
    }
    Ok(())
}

pub(crate) fn sale(connection: &mut Connection, partner: &str, id: MachineId) -> Result<Option<Sale>, RepositoryError> {
    let row: Option<SaleRow> = federation_sale::table
        .find((partner, id.to_string()))
        .select(SaleRow::as_select())
        .first(connection)
        .optional()?;
    row.map(SaleRow::into_sale).transpose()
}

/// Orders of a partner by id, those after `after` first; holds without an order are not among them.
pub(crate) fn sales_page(
    connection: &mut Connection,
    partner: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Sale>, RepositoryError> {
    let mut query = federation_sale::table
        .filter(federation_sale::partner.eq(partner.to_owned()))
        .filter(federation_sale::living.eq(true))
        .filter(federation_sale::wish.ne("hold"))
        .order(federation_sale::id.asc())
        .select(SaleRow::as_select())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(federation_sale::id.gt(after.to_owned()));
    }
    let rows: Vec<SaleRow> = query.load(connection)?;
    rows.into_iter().map(SaleRow::into_sale).collect()
}

/// All holds and orders of a partner, or of any, that are not over.
pub(crate) fn sales_living(connection: &mut Connection, partner: Option<&str>) -> Result<Vec<Sale>, RepositoryError> {
    let mut query = federation_sale::table
        .filter(federation_sale::living.eq(true))
        .order(federation_sale::id.asc())
        .select(SaleRow::as_select())
        .into_boxed();
    if let Some(partner) = partner {
        query = query.filter(federation_sale::partner.eq(partner.to_owned()));
    }
    let rows: Vec<SaleRow> = query.load(connection)?;
    rows.into_iter().map(SaleRow::into_sale).collect()
}

/// How many orders and holds with a partner are not over, in both directions.
pub(crate) fn living_count(connection: &mut Connection, partner: &str) -> Result<u64, RepositoryError> {
    let bought: i64 = federation_purchase::table
        .filter(federation_purchase::living.eq(true))
        .filter(federation_purchase::partner.eq(partner))
        .count()
        .get_result(connection)?;
    let sold: i64 = federation_sale::table
        .filter(federation_sale::living.eq(true))
        .filter(federation_sale::partner.eq(partner))
        .count()
        .get_result(connection)?;
    Ok(u64::try_from(bought + sold).unwrap_or_default())
}

/// Notes that an order that never came has been ended.
pub(crate) fn tombstone_set(
    connection: &mut Connection,
    partner: &str,
    id: MachineId,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    if !tombstone_exists(connection, partner, id)? {
        diesel::insert_into(federation_tombstone::table)
            .values((
                federation_tombstone::partner.eq(partner),
                federation_tombstone::id.eq(id.to_string()),
                federation_tombstone::at.eq(time::to_column(now)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

pub(crate) fn tombstone_exists(
    connection: &mut Connection,
    partner: &str,
    id: MachineId,
) -> Result<bool, RepositoryError> {
    let found: i64 = federation_tombstone::table.find((partner, id.to_string())).count().get_result(connection)?;
    Ok(found > 0)
}

/// Forgets a partner's holds that ended before `before` without an order.
pub(crate) fn holds_clear(
    connection: &mut Connection,
    partner: &str,
    before: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let over = federation_sale::table
        .filter(federation_sale::partner.eq(partner))
        .filter(federation_sale::living.eq(false))
        .filter(federation_sale::wish.eq("hold"))
        .filter(federation_sale::updated_at.lt(time::to_column(before)));
    diesel::delete(over).execute(connection)?;
    Ok(())
}

/// Forgets tombstones older than `before`.
pub(crate) fn tombstones_clear(connection: &mut Connection, before: DateTime<Utc>) -> Result<(), RepositoryError> {
    diesel::delete(federation_tombstone::table.filter(federation_tombstone::at.lt(time::to_column(before))))
        .execute(connection)?;
    Ok(())
}

/// Forgets an order, as a database restored from a backup does.
#[cfg(test)]
pub(crate) fn purchase_forget(connection: &mut Connection, id: MachineId) -> Result<(), RepositoryError> {
    diesel::delete(federation_purchase::table.find(id.to_string())).execute(connection)?;
    Ok(())
}
