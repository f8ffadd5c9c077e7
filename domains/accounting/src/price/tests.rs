//! Prices worked out by hand.

use super::*;
use crate::{
    AccountingError, Interval,
    testing::{broker, day, machine, meter, moment, project, terms},
    usage::{Lifetime, PlanId, ResourceKind, Source, Standing, Usage, UsageRecord},
};
use chrono::NaiveDate;
use chrono_tz::Tz;
use hansa_ontology::Currency;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

fn plan(id: &str, price: Price) -> PricePlan {
    let rate = Rate { meter: meter(), unit: Arc::new(Unit::hours()), price, free: 0 };
    let (id, title) = (PlanId::new(id).unwrap(), id.to_owned());
    PricePlan { id, title, currency: Currency::EUR, rates: vec![rate], minimum_term: 0 }
}

/// A machine that runs without a break.
fn running(id: &str, plan: &str, from: &str, to: &str) -> Vec<UsageRecord> {
    let subject = Arc::new(terms(plan).subject(&machine(id), &meter()));
    let whole = Interval::new(moment(from), moment(to)).unwrap();
    let record = |cell: Interval| {
        let (standing, source) = (Standing::Measured, Source::Lifecycle);
        UsageRecord::new(Arc::clone(&subject), cell, cell.seconds(), 1, standing, source).unwrap()
    };
    whole.cells().map(record).collect()
}

fn account(zone: Tz) -> Account {
    Account {
        project: project(),
        currency: Currency::EUR,
        zone: Zone(zone),
        discounts: Vec::new(),
        reservations: Vec::new(),
    }
}

fn prices(plans: impl IntoIterator<Item = PricePlan>) -> PriceList {
    let mut list = PriceList::default();
    for plan in plans {
        list.add(plan).unwrap();
    }
    list
}

fn rated(account: &Account, month: (i32, u32), records: Vec<UsageRecord>, prices: &PriceList) -> Vec<Charge> {
    let month = BillingMonth::new(month.0, month.1, account.zone.0).unwrap();
    rate(account, &month, &records.into_iter().collect(), &[], prices).unwrap()
}

fn net(charges: &[Charge]) -> i64 {
    charges.iter().map(|charge| charge.net_micros).sum()
}

/// Kind, hours and price of each kind of line, added up.
fn told(charges: &[Charge]) -> BTreeMap<(ChargeKind, i64), u64> {
    let mut told = BTreeMap::new();
    for charge in charges {
        *told.entry((charge.kind, charge.price.micros)).or_default() += charge.quantity;
    }
    told.values_mut().for_each(|seconds| *seconds /= 3_600);
    told
}

#[test]
fn a_month_has_the_hours_of_its_zone() {
    let prices = prices([plan("small", Price::Flat { micros: 10_000 })]);
    let cases = [
        (Tz::UTC, (2026, 2), 28 * 24),
        (Tz::UTC, (2028, 2), 29 * 24),
        (Tz::Europe__Berlin, (2026, 3), 31 * 24 - 1),
        (Tz::Europe__Berlin, (2026, 10), 31 * 24 + 1),
        (Tz::Asia__Kathmandu, (2026, 4), 30 * 24),
    ];
    for (zone, month, hours) in cases {
        let records = running("m1", "small", "2025-12-01T00:00:00Z", "2028-05-01T00:00:00Z");
        let charges = rated(&account(zone), month, records, &prices);
        assert_eq!(net(&charges), hours * 10_000, "{zone} {month:?}");
        assert_eq!(charges.len() as u32, charges.last().unwrap().day.format("%d").to_string().parse::<u32>().unwrap());
    }
}

#[test]
fn tiers_by_stretch_and_by_volume() {
    let tiers =
        |first: u64| vec![Tier { up_to: Some(first * 3_600), micros: 10_000 }, Tier { up_to: None, micros: 4_000 }];
    let prices = prices([
        plan("steps", Price::Graduated { tiers: tiers(30) }),
        plan("whole", Price::Volume { tiers: tiers(30) }),
    ]);
    let run = |plan, hours: &str| running("m1", plan, "2026-02-01T00:00:00Z", hours);
    let account = account(Tz::UTC);
    let told = |records| told(&rated(&account, (2026, 2), records, &prices));
    let usage = ChargeKind::Usage;
    assert_eq!(
        told(run("steps", "2026-02-03T00:00:00Z")),
        BTreeMap::from([((usage, 10_000), 30), ((usage, 4_000), 18)])
    );
    assert_eq!(told(run("whole", "2026-02-03T00:00:00Z")), BTreeMap::from([((usage, 4_000), 48)]));
    assert_eq!(told(run("whole", "2026-02-02T06:00:00Z")), BTreeMap::from([((usage, 10_000), 30)]), "exactly 30 hours");
    // Two machines share the project's tiers.
    let mut two = run("steps", "2026-02-02T00:00:00Z");
    two.extend(running("m2", "steps", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"));
    assert_eq!(told(two), BTreeMap::from([((usage, 10_000), 30), ((usage, 4_000), 18)]));
}

#[test]
fn free_amounts_begin_anew_each_month() {
    let mut free = plan("free", Price::Flat { micros: 10_000 });
    free.rates[0].free = 10 * 3_600;
    let prices = prices([free]);
    let records = running("m1", "free", "2026-01-31T12:00:00Z", "2026-02-01T18:00:00Z");
    for (month, paid) in [((2026, 1), 2), ((2026, 2), 8)] {
        let charges = rated(&account(Tz::UTC), month, records.clone(), &prices);
        assert_eq!(told(&charges), BTreeMap::from([((ChargeKind::Free, 0), 10), ((ChargeKind::Usage, 10_000), paid)]));
    }
}

#[test]
fn reservations_cover_hour_by_hour_and_are_paid_when_unused() {
    let mut account = account(Tz::UTC);
    let term = Interval::new(moment("2026-02-02T00:00:00Z"), moment("2026-02-04T00:00:00Z")).unwrap();
    account.reservations.push(Reservation {
        id: "r1".into(),
        provider: broker("north"),
        kind: ResourceKind::Machine,
        plan: PlanId::new("small").unwrap(),
        meter: meter(),
        units: 2,
        micros: 6_000,
        term,
    });
    let prices = prices([plan("small", Price::Flat { micros: 10_000 })]);
    let mut records = running("m1", "small", "2026-02-01T00:00:00Z", "2026-02-03T00:00:00Z");
    records.extend(running("m2", "small", "2026-02-02T00:00:00Z", "2026-02-02T12:30:00Z"));
    records.extend(running("m3", "small", "2026-02-02T12:00:00Z", "2026-02-02T13:00:00Z"));
    let charges = rated(&account, (2026, 2), records, &prices);
    let seconds = |kind| charges.iter().filter(|c| c.kind == kind).map(|c| c.quantity).sum::<u64>();
    // The second day: 24 + 12.5 + 1 hours are used, of which one half hour is above two machines.
    assert_eq!(seconds(ChargeKind::Reserved), 37 * 3_600);
    assert_eq!(seconds(ChargeKind::Usage), 24 * 3_600 + 1_800);
    assert_eq!(seconds(ChargeKind::Unused) + seconds(ChargeKind::Reserved), 2 * 48 * 3_600, "the term is paid");
    let unused = charges.iter().find(|charge| charge.kind == ChargeKind::Unused).unwrap();
    assert_eq!(unused.reservation.as_deref(), Some("r1"));
    assert_eq!(net(&charges), 96 * 6_000 + 245_000);
}

#[test]
fn spot_prices_hold_from_their_moment() {
    let at = |text: &str, micros| (moment(text), micros);
    let spot =
        Price::Spot { prices: BTreeMap::from([at("2026-02-01T00:00:00Z", 3_600), at("2026-02-01T01:15:00Z", 7_200)]) };
    let prices = prices([plan("spot", spot)]);
    let records = running("m1", "spot", "2026-02-01T00:00:00Z", "2026-02-01T02:00:00Z");
    let charges = rated(&account(Tz::UTC), (2026, 2), records, &prices);
    let told: Vec<_> = charges.iter().map(|c| (c.price.micros, c.quantity, c.net_micros, c.spot)).collect();
    assert_eq!(told, [(3_600, 4_500, 4_500, true), (7_200, 2_700, 5_400, true)]);
    let early = running("m1", "spot", "2026-01-31T23:00:00Z", "2026-02-01T00:00:00Z");
    let month = BillingMonth::new(2026, 1, Tz::UTC).unwrap();
    let error = rate(&account(Tz::UTC), &month, &early.into_iter().collect(), &[], &prices).unwrap_err();
    assert!(error.to_string().contains("no price for 2026-01-31 23:00:00 UTC"), "{error}");
}

#[test]
fn a_minimum_term_is_owed_on_the_day_of_the_end() {
    let mut term = plan("term", Price::Flat { micros: 10_000 });
    term.minimum_term = 24 * 3_600;
    let prices = prices([term]);
    let life = |from: &str, to: &str| Lifetime {
        resource: machine("m1"),
        terms: terms("term"),
        from: moment(from),
        to: Some(moment(to)),
    };
    let month = BillingMonth::new(2026, 2, Tz::UTC).unwrap();
    let usage: Usage = running("m1", "term", "2026-01-31T20:00:00Z", "2026-02-01T04:00:00Z").into_iter().collect();
    let of = |lives: &[Lifetime]| rate(&account(Tz::UTC), &month, &usage, lives, &prices).unwrap();
    let short = of(&[life("2026-01-31T20:00:00Z", "2026-02-01T04:00:00Z")]);
    assert_eq!(
        told(&short),
        BTreeMap::from([((ChargeKind::Usage, 10_000), 4), ((ChargeKind::MinimumTerm, 10_000), 16)])
    );
    assert_eq!(told(&of(&[life("2026-01-31T04:00:00Z", "2026-02-01T04:00:00Z")])).len(), 1, "long enough");
    assert_eq!(told(&of(&[life("2026-02-28T20:00:00Z", "2026-03-01T00:00:00Z")])).len(), 2, "ends with the month");
    assert_eq!(told(&of(&[life("2026-02-28T20:00:00Z", "2026-03-01T00:00:01Z")])).len(), 1, "ends in the next month");
    let none = of(&[life("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z")]);
    assert_eq!(told(&none)[&(ChargeKind::MinimumTerm, 10_000)], 24, "no second, and yet on the day of its begin");
    assert_eq!(told(&of(&[life("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z")])).len(), 1);
}

#[test]
fn discounts_follow_each_other_and_are_rounded_each() {
    let mut account = account(Tz::UTC);
    let discount = |id: &str, ppm, from: &str| Discount {
        id: id.into(),
        ppm,
        plan: None,
        meter: None,
        application: None,
        from: day(from),
        through: Some(day("2026-02-02")),
    };
    account.discounts = vec![discount("loyal", 100_000, "2026-02-01"), discount("launch", 500_000, "2026-02-02")];
    let prices = prices([plan("small", Price::Flat { micros: 5 })]);
    let records = running("m1", "small", "2026-02-01T00:00:00Z", "2026-02-04T00:00:00Z");
    let charges = rated(&account, (2026, 2), records, &prices);
    let told: Vec<_> = charges.iter().map(|c| (c.list_micros, c.discounts.len(), c.net_micros)).collect();
    assert_eq!(told, [(120, 1, 108), (120, 2, 54), (120, 0, 120)]);
    account.discounts[0].ppm = 1_000_001;
    assert!(account.check().unwrap_err().to_string().contains("discounts[0].ppm"));
}

#[test]
fn other_currencies_by_the_rate_of_the_day() {
    let usd: Currency = "USD".parse().unwrap();
    let mut dollars = plan("us", Price::Flat { micros: 10_000 });
    dollars.currency = usd;
    let mut prices = prices([dollars]);
    let records = running("m1", "us", "2026-02-01T00:00:00Z", "2026-02-03T00:00:00Z");
    let month = BillingMonth::new(2026, 2, Tz::UTC).unwrap();
    let usage: Usage = records.into_iter().collect();
    let error = rate(&account(Tz::UTC), &month, &usage, &[], &prices).unwrap_err();
    assert!(matches!(error, AccountingError::NoExchangeRate { .. }));
    for (day, nanos) in [(1, 921_234_567), (2, 930_000_000)] {
        let day = NaiveDate::from_ymd_opt(2026, 2, day).unwrap();
        prices.exchange.state(usd, Currency::EUR, day, nanos).unwrap();
    }
    let charges = rate(&account(Tz::UTC), &month, &usage, &[], &prices).unwrap();
    // 24 x 0.01 x 0.921234567 = 0.22109629608
    assert_eq!(charges.iter().map(|charge| charge.net_micros).collect::<Vec<_>>(), [221_096, 223_200]);
}

#[test]
fn what_has_no_price_is_named() {
    let month = BillingMonth::new(2026, 2, Tz::UTC).unwrap();
    let usage: Usage = running("m1", "none", "2026-02-01T00:00:00Z", "2026-02-03T00:00:00Z").into_iter().collect();
    let error = rate(&account(Tz::UTC), &month, &usage, &[], &PriceList::default()).unwrap_err();
    assert_eq!(error.to_string(), "usage: there is no price plan `none`; state it before this is computed");
}

proptest! {
    #[test]
    fn the_days_before_stay_as_they_were(
        machines in prop::collection::vec((0_i64..20, 1_i64..400, 0_u8..3), 1..6),
        cut in 1_u32..28,
        free in 0_u64..100_000,
    ) {
        let tiers = vec![Tier { up_to: Some(100_000), micros: 10_007 }, Tier { up_to: None, micros: 3_331 }];
        let mut plans = [plan("flat", Price::Flat { micros: 12_345 }), plan("steps", Price::Graduated { tiers }), plan("free", Price::Flat { micros: 99 })];
        plans[2].rates[0].free = free;
        let prices = prices(plans);
        let names = ["flat", "steps", "free"];
        let mut records = Vec::new();
        for (number, (day, hours, plan)) in machines.iter().enumerate() {
            let from = moment("2026-03-01T00:00:00Z") + chrono::TimeDelta::hours(day * 24);
            let to = from + chrono::TimeDelta::minutes(hours * 60 + 17);
            records.extend(running(&format!("m{number}"), names[usize::from(*plan)], &from.to_rfc3339(), &to.to_rfc3339()));
        }
        let account = account(Tz::Europe__Berlin);
        let whole = rated(&account, (2026, 3), records.clone(), &prices);
        let cut = NaiveDate::from_ymd_opt(2026, 3, cut).unwrap();
        let border = BillingMonth::new(2026, 3, Tz::Europe__Berlin).unwrap().days();
        let border = border.iter().find(|day| day.date == cut).unwrap().interval.begin();
        let until: Vec<_> = records.iter().filter(|record| record.interval().begin() < border).cloned().collect();
        let part = rated(&account, (2026, 3), until, &prices);
        let before: Vec<_> = whole.iter().filter(|charge| charge.day < cut).cloned().collect();
        prop_assert_eq!(part, before);
        // Every second of the month is charged once.
        let month = BillingMonth::new(2026, 3, Tz::Europe__Berlin).unwrap().interval().unwrap();
        let used: u64 = records.iter().filter_map(|record| record.within(&month)).map(|record| record.quantity()).sum();
        prop_assert_eq!(whole.iter().map(|charge| charge.quantity).sum::<u64>(), used);
    }
}
