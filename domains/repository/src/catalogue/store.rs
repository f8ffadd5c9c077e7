//! Resources as rows.

use super::{
    difference::Before,
    model::{Class, Origin, Overlay, Resource, Source, Stored},
};
use crate::{
    Connection,
    error::RepositoryError,
    json,
    schema::{catalogue_resource, counter},
    time, work,
};
use chrono::NaiveDateTime;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::{ProviderId, Site, SiteId, offer::Capacity};
use std::collections::BTreeMap;

/// Rows for one statement: fifteen values each, and SQLite takes 32,766 values.
pub(super) const ROWS_PER_STATEMENT: usize = 500;

#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = catalogue_resource)]
pub(super) struct Row {
    pub(super) iri: String,
    pub(super) class: String,
    pub(super) document: String,
    pub(super) statements: String,
    pub(super) original: Option<String>,
    pub(super) original_media_type: Option<String>,
    pub(super) imported_at: NaiveDateTime,
    pub(super) withdrawn: bool,
    pub(super) generation: i64,
    pub(super) partner: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) received_at: Option<NaiveDateTime>,
    pub(super) holds_until: Option<NaiveDateTime>,
    pub(super) units: Option<i64>,
    pub(super) units_as_of: Option<NaiveDateTime>,
}

/// What a row says without its texts.
#[derive(Queryable, Selectable)]
#[diesel(table_name = catalogue_resource)]
struct Comparable {
    iri: String,
    class: String,
    document: String,
    statements: String,
    withdrawn: bool,
    partner: Option<String>,
}

/// The generation of the catalogue as it stands.
pub(super) fn generation(connection: &mut Connection) -> Result<i64, RepositoryError> {
    Ok(counter::table.find("catalogue-generation").select(counter::value).first(connection)?)
}

/// The generation of the change that is being made.
pub(super) fn next_generation(connection: &mut Connection) -> Result<i64, RepositoryError> {
    work::next_number(connection, "catalogue-generation")
}

/// Providers that are not withdrawn, each with the partner it comes from.
pub(super) fn providers(connection: &mut Connection) -> Result<BTreeMap<ProviderId, Option<String>>, RepositoryError> {
    let rows: Vec<(String, Option<String>)> = catalogue_resource::table
        .filter(catalogue_resource::class.eq(Class::Provider.name()))
        .filter(catalogue_resource::withdrawn.eq(false))
        .select((catalogue_resource::iri, catalogue_resource::partner))
        .load(connection)?;
    rows.into_iter()
        .map(|(iri, partner)| {
            let id = ProviderId::new(iri).map_err(|error| RepositoryError::unreadable("provider", &error))?;
            Ok((id, partner))
        })
        .collect()
}

/// Sites that are not withdrawn, with their providers.
pub(super) fn sites(connection: &mut Connection) -> Result<BTreeMap<SiteId, ProviderId>, RepositoryError> {
    let documents: Vec<String> = catalogue_resource::table
        .filter(catalogue_resource::class.eq(Class::Site.name()))
        .filter(catalogue_resource::withdrawn.eq(false))
        .select(catalogue_resource::document)
        .load(connection)?;
    let site = |document: String| json::from_column::<Site>("site", &document).map(|site| (site.id, site.provider));
    documents.into_iter().map(site).collect()
}

/// What is stored under these IRIs, withdrawn or not: class and content.
pub(super) fn before(
    connection: &mut Connection,
    iris: &[String],
) -> Result<BTreeMap<String, (String, Before)>, RepositoryError> {
    let mut found = BTreeMap::new();
    for some in iris.chunks(ROWS_PER_STATEMENT) {
        let rows: Vec<Comparable> = catalogue_resource::table
            .filter(catalogue_resource::iri.eq_any(some))
            .select(Comparable::as_select())
            .load(connection)?;
        found.extend(rows.into_iter().map(|row| {
            let before = Before {
                document: row.document,
                statements: row.statements,
                withdrawn: row.withdrawn,
                partner: row.partner,
            };
            (row.iri, (row.class, before))
        }));
    }
    Ok(found)
}

/// Puts rows in the place of whatever has their IRIs.
pub(super) fn replace(connection: &mut Connection, rows: Vec<Row>) -> Result<(), RepositoryError> {
    for some in rows.chunks(ROWS_PER_STATEMENT) {
        let iris: Vec<&str> = some.iter().map(|row| row.iri.as_str()).collect();
        diesel::delete(catalogue_resource::table.filter(catalogue_resource::iri.eq_any(iris))).execute(connection)?;
        match connection {
            Connection::Postgres(postgres) => {
                diesel::insert_into(catalogue_resource::table).values(some.to_vec()).execute(postgres)?;
            }
            Connection::Sqlite(sqlite) => {
                for row in some {
                    diesel::insert_into(catalogue_resource::table).values(row.clone()).execute(sqlite)?;
                }
            }
        }
    }
    Ok(())
}

/// One resource that is not withdrawn.
pub(super) fn get(connection: &mut Connection, class: Class, iri: &str) -> Result<Row, RepositoryError> {
    catalogue_resource::table
        .find(iri)
        .filter(catalogue_resource::class.eq(class.name()))
        .filter(catalogue_resource::withdrawn.eq(false))
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .ok_or_else(|| RepositoryError::NotFound(format!("{class} {iri}")))
}

/// The documents of a class that are not withdrawn.
pub(super) fn documents(connection: &mut Connection, class: Class) -> Result<Vec<String>, RepositoryError> {
    Ok(catalogue_resource::table
        .filter(catalogue_resource::class.eq(class.name()))
        .filter(catalogue_resource::withdrawn.eq(false))
        .select(catalogue_resource::document)
        .load(connection)?)
}

/// Everything that has changed since a generation.
pub(super) fn since(connection: &mut Connection, generation: i64) -> Result<Vec<Changed>, RepositoryError> {
    Ok(catalogue_resource::table
        .filter(catalogue_resource::generation.gt(generation))
        .select(Changed::as_select())
        .load(connection)?)
}

/// What memory needs to know of a changed row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = catalogue_resource)]
pub(super) struct Changed {
    pub(super) iri: String,
    pub(super) class: String,
    pub(super) document: String,
    pub(super) withdrawn: bool,
    pub(super) holds_until: Option<NaiveDateTime>,
    pub(super) units: Option<i64>,
    pub(super) units_as_of: Option<NaiveDateTime>,
}

impl Row {
    pub(super) fn into_stored<T: Resource>(self) -> Result<Stored<T>, RepositoryError> {
        let origin = match (self.partner, self.signature, self.received_at) {
            (Some(partner), Some(signature), Some(received_at)) => Some(Origin {
                partner,
                signature,
                received_at: time::from_column(received_at),
                holds_until: self.holds_until.map(time::from_column),
            }),
            _ => None,
        };
        let source = match (self.original, self.original_media_type) {
            (Some(text), Some(media_type)) => Source { media_type, text },
            _ => Source { media_type: "application/n-triples".to_owned(), text: self.statements },
        };
        let mut resource: T = json::from_column(T::CLASS.name(), &self.document)?;
        resource.overlay(&overlay(self.holds_until, self.units, self.units_as_of));
        Ok(Stored { resource, source, imported_at: time::from_column(self.imported_at), origin })
    }
}

impl Changed {
    /// The resource with what is known beside its document.
    pub(super) fn resource<T: Resource>(&self) -> Result<T, RepositoryError> {
        let mut resource: T = json::from_column(T::CLASS.name(), &self.document)?;
        resource.overlay(&overlay(self.holds_until, self.units, self.units_as_of));
        Ok(resource)
    }
}

fn overlay(holds_until: Option<NaiveDateTime>, units: Option<i64>, as_of: Option<NaiveDateTime>) -> Overlay {
    let units = units.and_then(|units| u32::try_from(units).ok());
    let capacity =
        units.zip(as_of).map(|(available_units, as_of)| Capacity { available_units, as_of: time::from_column(as_of) });
    Overlay { holds_until: holds_until.map(time::from_column), capacity }
}
