//! Partners' resources as rows, and what of our own changed.

use super::{
    model::Class,
    store::{ROWS_PER_STATEMENT, Row, replace},
};
use crate::{Connection, error::RepositoryError, schema::catalogue_resource, time};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
    SelectableHelper as _,
};
use std::collections::BTreeMap;

type Units = (String, Option<i64>, Option<NaiveDateTime>);

/// As [`replace`]; the units that a row had by report stay.
pub(super) fn replace_keeping_units(connection: &mut Connection, mut rows: Vec<Row>) -> Result<(), RepositoryError> {
    for some in rows.chunks_mut(ROWS_PER_STATEMENT) {
        let iris: Vec<&str> = some.iter().map(|row| row.iri.as_str()).collect();
        let stored: Vec<Units> = catalogue_resource::table
            .filter(catalogue_resource::iri.eq_any(iris))
            .filter(catalogue_resource::withdrawn.eq(false))
            .select((catalogue_resource::iri, catalogue_resource::units, catalogue_resource::units_as_of))
            .load(connection)?;
        let stored: BTreeMap<_, _> = stored.into_iter().map(|(iri, units, as_of)| (iri, (units, as_of))).collect();
        for row in some {
            if let Some((units, as_of)) = stored.get(&row.iri) {
                (row.units, row.units_as_of) = (*units, *as_of);
            }
        }
    }
    replace(connection, rows)
}

/// Withdraws a partner's resources: these, or all. Says how many were there.
pub(super) fn withdraw(
    connection: &mut Connection,
    partner: &str,
    iris: Option<&[String]>,
    generation: i64,
) -> Result<usize, RepositoryError> {
    let change = (catalogue_resource::withdrawn.eq(true), catalogue_resource::generation.eq(generation));
    let living = catalogue_resource::partner.eq(partner).and(catalogue_resource::withdrawn.eq(false));
    let Some(iris) = iris else {
        return Ok(diesel::update(catalogue_resource::table.filter(living)).set(change).execute(connection)?);
    };
    let mut count = 0;
    for some in iris.chunks(ROWS_PER_STATEMENT) {
        let found = catalogue_resource::table.filter(living).filter(catalogue_resource::iri.eq_any(some));
        count += diesel::update(found).set(change).execute(connection)?;
    }
    Ok(count)
}

/// Whether anything of a partner's ends before a time.
pub(super) fn ends_before(
    connection: &mut Connection,
    partner: &str,
    time: DateTime<Utc>,
) -> Result<bool, RepositoryError> {
    let found: Option<String> = catalogue_resource::table
        .filter(catalogue_resource::partner.eq(partner))
        .filter(catalogue_resource::withdrawn.eq(false))
        .filter(catalogue_resource::holds_until.lt(Some(time::to_column(time))))
        .select(catalogue_resource::iri)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

/// Lets what ends before a time hold until another.
pub(super) fn renew(
    connection: &mut Connection,
    partner: &str,
    before: DateTime<Utc>,
    until: DateTime<Utc>,
    generation: i64,
) -> Result<usize, RepositoryError> {
    let found = catalogue_resource::table
        .filter(catalogue_resource::partner.eq(partner))
        .filter(catalogue_resource::withdrawn.eq(false))
        .filter(catalogue_resource::holds_until.lt(Some(time::to_column(before))));
    Ok(diesel::update(found)
        .set((
            catalogue_resource::holds_until.eq(Some(time::to_column(until))),
            catalogue_resource::generation.eq(generation),
        ))
        .execute(connection)?)
}

/// The units by report of each of a partner's offers.
pub(super) fn units(
    connection: &mut Connection,
    partner: &str,
) -> Result<BTreeMap<String, Option<i64>>, RepositoryError> {
    let rows: Vec<(String, Option<i64>)> = catalogue_resource::table
        .filter(catalogue_resource::partner.eq(partner))
        .filter(catalogue_resource::class.eq(Class::Offer.name()))
        .filter(catalogue_resource::withdrawn.eq(false))
        .select((catalogue_resource::iri, catalogue_resource::units))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

/// Writes down units by report.
pub(super) fn units_set(
    connection: &mut Connection,
    units: &[(&str, i64)],
    as_of: DateTime<Utc>,
    generation: i64,
) -> Result<(), RepositoryError> {
    for (iri, units) in units {
        diesel::update(catalogue_resource::table.find(iri))
            .set((
                catalogue_resource::units.eq(Some(*units)),
                catalogue_resource::units_as_of.eq(Some(time::to_column(as_of))),
                catalogue_resource::generation.eq(generation),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// How many resources of a class a partner has that aren't withdrawn.
pub(super) fn count(connection: &mut Connection, partner: &str, class: Class) -> Result<usize, RepositoryError> {
    let count: i64 = catalogue_resource::table
        .filter(catalogue_resource::partner.eq(partner))
        .filter(catalogue_resource::class.eq(class.name()))
        .filter(catalogue_resource::withdrawn.eq(false))
        .count()
        .get_result(connection)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Our own resources that changed after a place in the order of changes, in that order.
pub(super) fn own_after(
    connection: &mut Connection,
    class: Class,
    generation: i64,
    iri: &str,
    limit: usize,
) -> Result<Vec<Row>, RepositoryError> {
    let later = catalogue_resource::generation.gt(generation);
    let same = catalogue_resource::generation.eq(generation).and(catalogue_resource::iri.gt(iri));
    Ok(catalogue_resource::table
        .filter(catalogue_resource::partner.is_null())
        .filter(catalogue_resource::class.eq(class.name()))
        .filter(later.or(same))
        .order((catalogue_resource::generation.asc(), catalogue_resource::iri.asc()))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(Row::as_select())
        .load(connection)?)
}
