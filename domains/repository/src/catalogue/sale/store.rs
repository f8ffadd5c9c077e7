//! Flavours and offers of the owner's as rows.

use super::{NamedFlavour, Sale, SaleState, SaleVersion};
use crate::{
    Connection,
    error::RepositoryError,
    json,
    schema::{catalogue_flavour, catalogue_sale, catalogue_sale_version},
    time,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = catalogue_sale)]
struct SaleRow {
    iri: String,
    state: String,
    document: String,
    units_from_nodes: bool,
    version: i64,
    created_at: NaiveDateTime,
    changed_at: NaiveDateTime,
    changed_by: String,
}

impl SaleRow {
    fn new(sale: &Sale) -> Result<Self, RepositoryError> {
        Ok(Self {
            iri: sale.offer.id.to_string(),
            state: sale.state.name().to_owned(),
            document: json::to_column("offer", &sale.offer)?,
            units_from_nodes: sale.units_from_nodes,
            version: sale.version,
            created_at: time::to_column(sale.created_at),
            changed_at: time::to_column(sale.changed_at),
            changed_by: json::to_column("actor", &sale.changed_by)?,
        })
    }

    fn sale(self) -> Result<Sale, RepositoryError> {
        let state = match self.state.as_str() {
            "published" => SaleState::Published,
            "withdrawn" => SaleState::Withdrawn,
            _ => SaleState::Draft,
        };
        Ok(Sale {
            offer: json::from_column("offer", &self.document)?,
            state,
            units_from_nodes: self.units_from_nodes,
            version: self.version,
            created_at: time::from_column(self.created_at),
            changed_at: time::from_column(self.changed_at),
            changed_by: json::from_column("actor", &self.changed_by)?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = catalogue_sale_version)]
struct VersionRow {
    iri: String,
    version: i64,
    change: String,
    document: String,
    at: NaiveDateTime,
    changed_by: String,
    valid_from: NaiveDateTime,
    in_force: bool,
}

impl VersionRow {
    fn version(self) -> Result<SaleVersion, RepositoryError> {
        Ok(SaleVersion {
            version: self.version,
            change: self.change,
            offer: json::from_column("offer", &self.document)?,
            at: time::from_column(self.at),
            changed_by: json::from_column("actor", &self.changed_by)?,
            valid_from: time::from_column(self.valid_from),
            in_force: self.in_force,
        })
    }
}

/// Offers of the owner's by IRI, after one, at most so many.
pub(super) fn sale_list(
    connection: &mut Connection,
    state: Option<SaleState>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Sale>, RepositoryError> {
    let mut query = catalogue_sale::table.select(SaleRow::as_select()).order(catalogue_sale::iri).into_boxed();
    if let Some(state) = state {
        query = query.filter(catalogue_sale::state.eq(state.name()));
    }
    if let Some(after) = after {
        query = query.filter(catalogue_sale::iri.gt(after));
    }
    let rows: Vec<SaleRow> = query.limit(i64::try_from(limit).unwrap_or(i64::MAX)).load(connection)?;
    rows.into_iter().map(SaleRow::sale).collect()
}

pub(super) fn sale_get(connection: &mut Connection, iri: &str) -> Result<Option<Sale>, RepositoryError> {
    let row: Option<SaleRow> =
        catalogue_sale::table.find(iri).select(SaleRow::as_select()).first(connection).optional()?;
    row.map(SaleRow::sale).transpose()
}

/// Writes an offer as it is now.
pub(super) fn sale_put(connection: &mut Connection, sale: &Sale) -> Result<(), RepositoryError> {
    let row = SaleRow::new(sale)?;
    diesel::delete(catalogue_sale::table.find(&row.iri)).execute(connection)?;
    diesel::insert_into(catalogue_sale::table).values(row).execute(connection)?;
    Ok(())
}

/// Forgets a draft with its history.
pub(super) fn sale_delete(connection: &mut Connection, iri: &str) -> Result<(), RepositoryError> {
    diesel::delete(catalogue_sale_version::table.filter(catalogue_sale_version::iri.eq(iri))).execute(connection)?;
    diesel::delete(catalogue_sale::table.find(iri)).execute(connection)?;
    Ok(())
}

/// Adds a version to the history, in the place of one of the same number.
pub(super) fn version_put(connection: &mut Connection, new: &SaleVersion) -> Result<(), RepositoryError> {
    let row = VersionRow {
        iri: new.offer.id.to_string(),
        version: new.version,
        change: new.change.clone(),
        document: json::to_column("offer", &new.offer)?,
        at: time::to_column(new.at),
        changed_by: json::to_column("actor", &new.changed_by)?,
        valid_from: time::to_column(new.valid_from),
        in_force: new.in_force,
    };
    diesel::delete(catalogue_sale_version::table.find((&row.iri, row.version))).execute(connection)?;
    diesel::insert_into(catalogue_sale_version::table).values(row).execute(connection)?;
    Ok(())
}

/// The versions of an offer, the newest first.
pub(super) fn version_list(connection: &mut Connection, iri: &str) -> Result<Vec<SaleVersion>, RepositoryError> {
    let rows: Vec<VersionRow> = catalogue_sale_version::table
        .filter(catalogue_sale_version::iri.eq(iri))
        .select(VersionRow::as_select())
        .order(catalogue_sale_version::version.desc())
        .load(connection)?;
    rows.into_iter().map(VersionRow::version).collect()
}

/// The versions that wait and whose time has come, the oldest first.
pub(super) fn versions_due(
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> Result<Vec<SaleVersion>, RepositoryError> {
    let rows: Vec<VersionRow> = catalogue_sale_version::table
        .filter(catalogue_sale_version::in_force.eq(false))
        .filter(catalogue_sale_version::valid_from.le(time::to_column(now)))
        .select(VersionRow::as_select())
        .order((catalogue_sale_version::valid_from, catalogue_sale_version::version))
        .load(connection)?;
    rows.into_iter().map(VersionRow::version).collect()
}

pub(super) fn flavour_list(connection: &mut Connection) -> Result<Vec<NamedFlavour>, RepositoryError> {
    let rows: Vec<(String, i64)> = catalogue_flavour::table
        .select((catalogue_flavour::document, catalogue_flavour::version))
        .order(catalogue_flavour::name)
        .load(connection)?;
    rows.into_iter().map(flavour).collect()
}

pub(super) fn flavour_get(connection: &mut Connection, name: &str) -> Result<Option<NamedFlavour>, RepositoryError> {
    let row: Option<(String, i64)> = catalogue_flavour::table
        .find(name)
        .select((catalogue_flavour::document, catalogue_flavour::version))
        .first(connection)
        .optional()?;
    row.map(flavour).transpose()
}

fn flavour((document, version): (String, i64)) -> Result<NamedFlavour, RepositoryError> {
    Ok(NamedFlavour { version, ..json::from_column("flavour", &document)? })
}

pub(super) fn flavour_put(
    connection: &mut Connection,
    flavour: &NamedFlavour,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let document = json::to_column("flavour", flavour)?;
    flavour_delete(connection, &flavour.flavour.name)?;
    diesel::insert_into(catalogue_flavour::table)
        .values((
            catalogue_flavour::name.eq(&flavour.flavour.name),
            catalogue_flavour::document.eq(document),
            catalogue_flavour::version.eq(flavour.version),
            catalogue_flavour::changed_at.eq(time::to_column(now)),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn flavour_delete(connection: &mut Connection, name: &str) -> Result<(), RepositoryError> {
    diesel::delete(catalogue_flavour::table.find(name)).execute(connection)?;
    Ok(())
}
