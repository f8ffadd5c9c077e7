//! Breaches that the log told of become credits of the month in which it did.

use super::{Defaults, ServiceError, cost, stated};
use crate::{
    Interval,
    price::{BillingMonth, Charge, ChargeKind, Credits, breach_ends, credits},
    store,
    usage::Usage,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::ProjectId;
use hansa_repository::{Connection, breach::ToldBreach};
use std::collections::BTreeMap;

/// A project's credits of a month, with the charges of that month at hand.
pub(super) fn of_month(
    connection: &mut Connection,
    project: &ProjectId,
    month: &BillingMonth,
    charges: &[Charge],
    (now, defaults): (DateTime<Utc>, Defaults),
) -> Result<Vec<Charge>, ServiceError> {
    let told = store::breaches_told(connection, project, month.interval()?)?;
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let account = stated::of_project(connection, project, defaults)?.account;
    let breaches = with_those_before(connection, project, month, told)?;
    let mut charged: Vec<Charge> = Vec::new();
    for touched in touched(&breaches, month)? {
        if touched == *month {
            charged.extend_from_slice(charges);
        } else {
            charged.extend(used_in(connection, project, &touched, (now, defaults))?);
        }
    }
    let mut used = Usage::default();
    for day in days(&breaches, month)? {
        used.extend(cost::used(connection, project, day, now, false)?.records().iter().cloned());
    }
    Ok(credits(&account, month, &Credits { breaches: &breaches, charged: &charged, used: &used })?)
}

/// All that share a cap with what was told in a month, in their order.
fn with_those_before(
    connection: &mut Connection,
    project: &ProjectId,
    month: &BillingMonth,
    told: Vec<ToldBreach>,
) -> Result<Vec<ToldBreach>, ServiceError> {
    let last = told.last().map_or(0, |told| told.sequence);
    let mut months = BTreeMap::new();
    for one in &told {
        let ended = BillingMonth::of(one.breach.missed.until - TimeDelta::seconds(1), month.zone())?;
        months.insert(ended.first(), ended);
    }
    let mut all: BTreeMap<i64, ToldBreach> = told.into_iter().map(|told| (told.sequence, told)).collect();
    for ended in months.values() {
        let same = store::breaches_ended(connection, project, ended.interval()?)?;
        all.extend(same.into_iter().filter(|told| told.sequence <= last).map(|told| (told.sequence, told)));
    }
    Ok(all.into_values().collect())
}

/// The months in which they lie, in order.
fn touched(breaches: &[ToldBreach], month: &BillingMonth) -> Result<Vec<BillingMonth>, ServiceError> {
    let mut months = BTreeMap::new();
    for told in breaches {
        let [mut at, last] = breach_ends(told);
        while at <= last {
            let next = BillingMonth::of(at, month.zone())?;
            at = next.interval()?.to();
            months.insert(next.first(), next);
        }
    }
    Ok(months.into_values().collect())
}

/// The days on which one begins or ends, in order.
fn days(breaches: &[ToldBreach], month: &BillingMonth) -> Result<Vec<Interval>, ServiceError> {
    let mut days = Vec::new();
    for moment in breaches.iter().flat_map(breach_ends) {
        let of = BillingMonth::of(moment, month.zone())?;
        days.extend(of.days().into_iter().map(|day| day.interval).find(|day| day.covers(moment.timestamp())));
    }
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

/// What the use of another month was charged: as it was billed, where it was.
fn used_in(
    connection: &mut Connection,
    project: &ProjectId,
    month: &BillingMonth,
    (now, defaults): (DateTime<Utc>, Defaults),
) -> Result<Vec<Charge>, ServiceError> {
    let mut charges = match store::invoice_of_month(connection, project, &month.name())? {
        Some(invoice) => store::invoice_charges(connection, &invoice.number)?,
        None => cost::rated(connection, project, month, now, defaults)?,
    };
    charges.retain(|charge| charge.kind != ChargeKind::Credit);
    Ok(charges)
}
