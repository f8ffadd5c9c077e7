//! What a month will have cost at its end, if it goes on as in its last days.

use crate::{
    AccountingError,
    price::{BillingMonth, Charge, ChargeKind, round},
};
use chrono::{DateTime, Utc};
use hansa_ontology::ProjectId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whole days that are taken to say how it goes on.
const RECENT_DAYS: usize = 7;

/// A forecast in micro-units of the billing currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// What has been charged through today.
    pub known_micros: i64,
    /// What the month comes to if it goes on as on average of the recent days.
    pub expected_micros: i64,
    /// What it comes to if every day is as cheap as the cheapest recent one.
    pub low_micros: i64,
    /// What it comes to if every day is as dear as the dearest recent one.
    pub high_micros: i64,
    /// How many whole days it rests on, at most 7. With none it rests on what was charged today.
    pub days: usize,
}

/// Forecasts the charges of one project and month. Days of 23 and 25 hours
/// count by their seconds. What is reserved is paid whether it is used or not:
/// so it is known for the days to come, and no part of how it goes on; nor is
/// what was given back.
///
/// # Errors
/// When a sum is too large.
pub fn forecast(
    charges: &[Charge],
    project: &ProjectId,
    month: &BillingMonth,
    now: DateTime<Utc>,
) -> Result<Forecast, AccountingError> {
    let what = "a forecast";
    let now = now.timestamp();
    let mut by_day: BTreeMap<_, i64> = BTreeMap::new();
    let (mut known, mut committed) = (Vec::new(), Vec::new());
    for charge in charges.iter().filter(|charge| charge.project() == project) {
        let reserved = matches!(charge.kind, ChargeKind::Reserved | ChargeKind::Unused);
        let goes_on = !reserved && charge.kind != ChargeKind::Credit;
        if charge.interval.begin() <= now {
            known.push(charge.net_micros);
        } else if reserved {
            committed.push(charge.net_micros);
        }
        if goes_on {
            let cost = by_day.entry(charge.day).or_default();
            *cost = round::sum([*cost, charge.net_micros], what)?;
        }
    }
    let known_micros = round::sum(known, what)?;
    let certain = round::sum(std::iter::once(known_micros).chain(committed), what)?;
    let days = month.days();
    let cost = |date| by_day.get(&date).copied().unwrap_or_default();
    let over = days.iter().filter(|day| day.interval.end() <= now);
    let mut recent: Vec<(i64, u64)> = over.map(|day| (cost(day.date), day.interval.seconds())).collect();
    recent.drain(..recent.len().saturating_sub(RECENT_DAYS));
    let whole_days = recent.len();
    // What is left: the rest of today, and the days to come.
    let left = month.interval()?.end().saturating_sub(now.max(month.interval()?.begin())).max(0);
    if recent.is_empty() {
        let today =
            days.first().map_or((0, 1), |day| (cost(day.date), (now - day.interval.begin()).max(1).unsigned_abs()));
        recent.push(today);
    }
    let at_rate = |micros: i64, seconds: u64| {
        let rest = round::product(&[i128::from(micros), i128::from(left)], i128::from(seconds.max(1)), what)?;
        round::sum([certain, rest], what)
    };
    let sum = round::sum(recent.iter().map(|(micros, _)| *micros), what)?;
    let expected_micros = at_rate(sum, recent.iter().map(|(_, seconds)| seconds).sum())?;
    let each = recent.iter().map(|(micros, seconds)| at_rate(*micros, *seconds)).collect::<Result<Vec<_>, _>>()?;
    let low_micros = each.iter().copied().min().unwrap_or(expected_micros);
    let high_micros = each.iter().copied().max().unwrap_or(expected_micros);
    Ok(Forecast { known_micros, expected_micros, low_micros, high_micros, days: whole_days })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        price::Unit,
        testing::{machine, meter, moment, project, terms},
    };
    use hansa_ontology::{Currency, Money};
    use std::sync::Arc;
    use uuid::Uuid;

    /// So much on each of the first days of March 2026.
    fn charges(costs: &[i64]) -> Vec<Charge> {
        let subject = Arc::new(terms("p").subject(&machine("m"), &meter()));
        let charge = |(cost, day): (&i64, crate::price::BillingDay)| Charge {
            id: Uuid::nil(),
            day: day.date,
            interval: day.interval,
            kind: ChargeKind::Usage,
            subject: Arc::clone(&subject),
            reservation: None,
            quantity: 1,
            unit: Arc::new(Unit::hours()),
            price: Money::new(1, Currency::EUR),
            spot: false,
            exchange_nanos: 1,
            list_micros: *cost,
            discounts: Vec::new(),
            net_micros: *cost,
            currency: Currency::EUR,
            credited: None,
        };
        costs.iter().zip(month().days()).map(charge).collect()
    }

    fn month() -> BillingMonth {
        BillingMonth::new(2026, 3, chrono_tz::UTC).unwrap()
    }

    fn at(text: &str, costs: &[i64]) -> Forecast {
        forecast(&charges(costs), &project(), &month(), text.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_last_seven_days_say_how_it_goes_on() {
        let costs = [999, 70, 70, 70, 70, 70, 70, 140, 5];
        let told = at("2026-03-09T12:00:00Z", &costs);
        // Of 31 days 22.5 are left; seven whole days have cost 560.
        assert_eq!((told.known_micros, told.days), (1_564, 7));
        assert_eq!(
            (told.expected_micros, told.low_micros, told.high_micros),
            (1_564 + 1_800, 1_564 + 1_575, 1_564 + 3_150)
        );
    }

    #[test]
    fn the_first_day_is_taken_as_it_is_and_the_end_is_known() {
        let told = at("2026-03-01T06:00:00Z", &[25]);
        assert_eq!((told.days, told.expected_micros), (0, 25 + 25 * 123));
        let over = at("2026-04-02T00:00:00Z", &[10; 31]);
        assert_eq!((over.known_micros, over.expected_micros, over.high_micros), (310, 310, 310));
        assert_eq!(at("2026-03-10T00:00:00Z", &[]).expected_micros, 0);
        let other = ProjectId::new("acme/other").unwrap();
        let none = forecast(&charges(&[10]), &other, &month(), "2026-03-10T00:00:00Z".parse().unwrap());
        assert_eq!(none.unwrap().known_micros, 0);
    }

    #[test]
    fn what_is_reserved_is_known_to_the_end_of_the_month_and_counts_once() {
        let mut all = charges(&[100; 31]);
        all.iter_mut().for_each(|charge| charge.kind = ChargeKind::Unused);
        all.extend(charges(&[10, 10]));
        let told = forecast(&all, &project(), &month(), moment("2026-03-03T00:00:00Z")).unwrap();
        assert_eq!((told.known_micros, told.expected_micros), (3 * 100 + 20, 31 * 100 + 31 * 10));
        assert_eq!((told.low_micros, told.high_micros), (told.expected_micros, told.expected_micros));
    }
}
