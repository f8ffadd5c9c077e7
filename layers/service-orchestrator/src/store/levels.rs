//! What was measured of service levels, as rows.

use super::{service_level, service_level_hour};
use crate::performance::Sample;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
};
use hansa_assurance::Tally;
use hansa_ontology::{ApplicationId, sla::Window};
use hansa_repository::{Connection, RepositoryError, json, time};
use std::collections::BTreeMap;

/// What is known of a service level.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    /// By what it is measured.
    pub(crate) indicator: String,
    pub(crate) latest: Sample,
}

/// What is known of an application's service levels, by name.
pub(crate) fn levels(
    connection: &mut Connection,
    of: ApplicationId,
) -> Result<BTreeMap<String, Known>, RepositoryError> {
    let rows: Vec<(String, String, String)> = service_level::table
        .filter(service_level::application.eq(of.to_string()))
        .select((service_level::name, service_level::indicator, service_level::latest))
        .load(connection)?;
    let known = rows.into_iter().map(|(name, indicator, latest)| {
        Ok((name, Known { indicator, latest: json::from_column("latest measurement of a service level", &latest)? }))
    });
    known.collect()
}

/// Writes down what was measured last. Another indicator than before: what that counted is gone.
pub(crate) fn level_put(
    connection: &mut Connection,
    (of, name): (ApplicationId, &str),
    now: &Known,
) -> Result<(), RepositoryError> {
    let key = (of.to_string(), name.to_owned());
    let before: Option<String> =
        service_level::table.find(key.clone()).select(service_level::indicator).first(connection).optional()?;
    let values = (
        service_level::indicator.eq(&now.indicator),
        service_level::latest.eq(json::to_column("latest measurement of a service level", &now.latest)?),
    );
    let Some(before) = before else {
        let new = (service_level::application.eq(key.0), service_level::name.eq(key.1), values);
        diesel::insert_into(service_level::table).values(new).execute(connection)?;
        return Ok(());
    };
    if before != now.indicator {
        let counted = service_level_hour::application.eq(&key.0).and(service_level_hour::name.eq(&key.1));
        diesel::delete(service_level_hour::table.filter(counted)).execute(connection)?;
    }
    diesel::update(service_level::table.find(key)).set(values).execute(connection)?;
    Ok(())
}

/// Counts a round in its hour.
pub(crate) fn level_count(
    connection: &mut Connection,
    (of, name): (ApplicationId, &str),
    at: DateTime<Utc>,
    round: Tally,
) -> Result<(), RepositoryError> {
    let (hour, _) = Window::Hour.containing(at);
    let key = (of.to_string(), name.to_owned(), time::to_column(hour));
    let (good, bad) = (column(round.good), column(round.bad));
    let known = diesel::update(service_level_hour::table.find(key.clone()))
        .set((
            service_level_hour::good.eq(service_level_hour::good + good),
            service_level_hour::bad.eq(service_level_hour::bad + bad),
        ))
        .execute(connection)?;
    if known == 0 {
        let new = (
            service_level_hour::application.eq(key.0),
            service_level_hour::name.eq(key.1),
            service_level_hour::hour.eq(key.2),
            service_level_hour::good.eq(good),
            service_level_hour::bad.eq(bad),
        );
        diesel::insert_into(service_level_hour::table).values(new).execute(connection)?;
    }
    Ok(())
}

/// The hours from one moment until before another, in order.
pub(crate) fn level_hours(
    connection: &mut Connection,
    (of, name): (ApplicationId, &str),
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<(DateTime<Utc>, Tally)>, RepositoryError> {
    let rows: Vec<(NaiveDateTime, i64, i64)> = service_level_hour::table
        .filter(service_level_hour::application.eq(of.to_string()))
        .filter(service_level_hour::name.eq(name))
        .filter(service_level_hour::hour.ge(time::to_column(from)))
        .filter(service_level_hour::hour.lt(time::to_column(until)))
        .order(service_level_hour::hour)
        .select((service_level_hour::hour, service_level_hour::good, service_level_hour::bad))
        .load(connection)?;
    let tally = |good: i64, bad: i64| Tally { good: good.max(0).unsigned_abs(), bad: bad.max(0).unsigned_abs() };
    Ok(rows.into_iter().map(|(hour, good, bad)| (time::from_column(hour), tally(good, bad))).collect())
}

/// The last hour before a moment in which anything was measured.
pub(crate) fn level_hour_before(
    connection: &mut Connection,
    (of, name): (ApplicationId, &str),
    before: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, RepositoryError> {
    let last: Option<NaiveDateTime> = service_level_hour::table
        .filter(service_level_hour::application.eq(of.to_string()))
        .filter(service_level_hour::name.eq(name))
        .filter(service_level_hour::hour.lt(time::to_column(before)))
        .select(diesel::dsl::max(service_level_hour::hour))
        .first(connection)?;
    Ok(last.map(time::from_column))
}

fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
