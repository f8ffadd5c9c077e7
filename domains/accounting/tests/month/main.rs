//! A month of three brokers and twenty applications: what comes out of the
//! library against what a script in another language computes from the raw
//! events by the rules in docs/accounting.md.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing set-up fails the test"
)]

mod world;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hansa_accounting::{
    invoice::{Heading, Invoice, Party},
    ledger::{Ledger, LedgerAccount, charges_group, wanted_for_charges, wanted_for_invoice, wanted_for_statement},
    price::{BillingMonth, Charge, Credits, PriceList, TaxTable, credits, evidence, rate},
    settle::{Content, SettledCharge, Statement, net},
    usage::{Metering, Resource, ResourceKind, Source, Standing, Subject, Usage, UsageRecord, meter, meter_readings},
};
use hansa_ontology::{Currency, ProviderId, place::Area};
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::Command, sync::Arc};
use world::{BROKERS, Tenant, World, broker};

struct Replay {
    usage: Usage,
    lifetimes: Vec<hansa_accounting::usage::Lifetime>,
    prices: PriceList,
    taxes: TaxTable,
    ledger: Ledger,
    invoices: BTreeMap<String, Invoice>,
}

fn prepare(world: &World) -> Replay {
    let how = Metering { now: world.now, patience: 3_600, revision: 1, since: None };
    let metered = meter(&world.events, how).unwrap();
    let mut usage: Usage = metered.records.into_iter().collect();
    for counter in &world.counters {
        usage.extend(meter_readings(&counter.subject, &counter.readings, how).unwrap().0);
    }
    assert!(usage.overlaps().is_empty());
    let (mut prices, mut taxes) = (PriceList::default(), TaxTable::default());
    for plan in &world.plans {
        prices.add(plan.clone()).unwrap();
    }
    for (from, to, day, nanos) in &world.exchange {
        prices.exchange.state(from.parse().unwrap(), to.parse().unwrap(), *day, *nanos).unwrap();
    }
    for (country, day, points) in &world.taxes {
        taxes.state(country, *day, *points).unwrap();
    }
    let (ledger, invoices) = (Ledger::default(), BTreeMap::new());
    Replay { usage, lifetimes: metered.lifetimes, prices, taxes, ledger, invoices }
}

fn month(world: &World, zone: chrono_tz::Tz) -> BillingMonth {
    let (year, month) = world.month.split_once('-').unwrap();
    BillingMonth::new(year.parse().unwrap(), month.parse().unwrap(), zone).unwrap()
}

fn heading(tenant: &Tenant, issued: NaiveDate) -> Heading {
    let party = |name: &str, country: &Area, vat_id: Option<&str>| Party {
        name: name.to_owned(),
        street: "Street 1".to_owned(),
        city: "City".to_owned(),
        post_code: "12345".to_owned(),
        country: country.clone(),
        vat_id: vat_id.map(str::to_owned),
        legal_id: Some("1".to_owned()),
        email: None,
    };
    let (seller, buyer) = (Area::new("DE").unwrap(), &tenant.country);
    let number = format!("{}-1", tenant.account.project);
    let buyer = party("Buyer", buyer, tenant.business.then_some("FR1"));
    Heading { number, issued, due: issued, seller: party("Seller", &seller, Some("DE1")), buyer, iban: None }
}

fn told(charges: &[Charge]) -> Value {
    let lines = charges.iter().map(|charge| {
        let subject = &charge.subject;
        let name = format!(
            "{} {} {} {} {} {} {} {}",
            charge.day,
            subject.provider,
            subject.resource,
            subject.meter,
            subject.plan,
            charge.kind.name(),
            charge.reservation.as_deref().unwrap_or("-"),
            charge.price.micros,
        );
        (name, json!([charge.quantity, charge.list_micros, charge.net_micros]))
    });
    Value::Object(lines.collect())
}

impl Replay {
    fn tenant(&mut self, world: &World, tenant: &Tenant) -> Value {
        let account = &tenant.account;
        let month = month(world, account.zone.0);
        let mut charges = rate(account, &month, &self.usage, &self.lifetimes, &self.prices).unwrap();
        let from = Credits { breaches: &world.breaches, charged: &charges, used: &self.usage };
        charges.extend(credits(account, &month, &from).unwrap());
        let today = month.last() + TimeDelta::days(2);
        let group = charges_group(&account.project, &month);
        self.ledger.revise(&group, &wanted_for_charges(&charges), today).unwrap();
        let heading = heading(tenant, today);
        let invoice = Invoice::new(heading, &account.project, &month, account.currency, &charges, &self.taxes).unwrap();
        let group = format!("invoices/{}", account.project);
        self.ledger.revise(&group, &[wanted_for_invoice(&invoice).unwrap()], today).unwrap();
        let sums = json!([invoice.exact_micros, invoice.net_micros, invoice.tax_micros, invoice.payable_micros]);
        self.invoices.insert(account.project.to_string(), invoice);
        json!({ "charges": told(&charges), "invoice": sums })
    }

    fn settlement(&self, world: &World) -> (Value, Vec<Statement>) {
        let mut charges: Vec<(String, Charge)> = Vec::new();
        for account in &world.orders {
            let month = month(world, account.zone.0);
            let rated = rate(account, &month, &self.usage, &[], &self.prices).unwrap();
            charges.extend(rated.into_iter().map(|charge| (account.project.name().to_owned(), charge)));
        }
        let period = month(world, chrono_tz::UTC);
        let mut statements = Vec::new();
        for (place, one) in BROKERS.iter().enumerate() {
            for other in BROKERS.iter().skip(place + 1) {
                let between = |(buyer, charge): &&(String, Charge)| {
                    let seller = charge.subject.provider.clone();
                    (seller == broker(one) && buyer == other) || (seller == broker(other) && buyer == one)
                };
                let mine = charges.iter().filter(between);
                let settled =
                    mine.map(|(_, charge)| SettledCharge::new(charge, evidence(charge, &self.usage)).unwrap());
                let days = (period.first(), period.last());
                let content = Content { charges: settled.collect(), ..Content::default() };
                let made = Statement::new([&broker(one), &broker(other)], days, Currency::EUR, content).unwrap();
                assert!(made.charges.iter().all(|charge| !charge.usage.is_empty()), "each rests on records");
                assert_eq!(Statement::verify(&made.bytes().unwrap()).unwrap(), made);
                statements.push(made);
            }
        }
        let sums = statements.iter().map(|made| {
            let name = format!("{} {}", made.first, made.second);
            (name, json!([made.by_first_micros, made.by_second_micros, made.first_pays_micros]))
        });
        (Value::Object(sums.collect()), statements)
    }
}

fn replay(world: &World) -> (Value, Replay, Vec<Statement>) {
    let mut replay = prepare(world);
    let tenants: serde_json::Map<String, Value> =
        world.tenants.iter().map(|tenant| (tenant.account.project.to_string(), replay.tenant(world, tenant))).collect();
    let (settlement, statements) = replay.settlement(world);
    let balances = replay.ledger.trial_balance(None).unwrap();
    let debits: i64 = balances.values().map(|balance| balance.debit).sum();
    assert_eq!(debits, balances.values().map(|balance| balance.credit).sum::<i64>());
    let ledger: serde_json::Map<String, Value> = balances
        .iter()
        .filter(|(_, balance)| balance.net() != 0)
        .map(|((account, _), balance)| (account.to_string(), json!(balance.net())))
        .collect();
    (json!({ "tenants": tenants, "settlement": settlement, "ledger": ledger }), replay, statements)
}

/// What the script makes of the same raw events.
fn judged(world: &World) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    std::fs::write(&file, serde_json::to_vec(world).unwrap()).unwrap();
    let there = Command::new("python3").arg("--version").output().is_ok();
    if !hansa_test_systems::wanted("python", there, "install Python 3") {
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/month/judge.py");
    let output = Command::new("python3").args(["-I", script]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The first places where two values differ.
fn differences(ours: &Value, theirs: &Value, at: &str, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(one), Value::Object(other)) => {
            for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
                let of = |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                differences(&of(one), &of(other), &format!("{at}/{name}"), found);
            }
        }
        (one, other) if one != other => found.push(format!("{at}: {one} and {other}")),
        _ => {}
    }
}

fn agree(seed: u64, year: i32, month: u32) {
    let world = World::new(seed, year, month);
    let begun = std::time::Instant::now();
    let (ours, replay, _) = replay(&world);
    let (events, records, entries) = (world.events.len(), replay.usage.records().len(), replay.ledger.entries().len());
    println!("{events} events, {records} records, {entries} entries in {:?}", begun.elapsed());
    let text = ours.to_string();
    for kind in ["free", "usage", "reserved", "unused", "minimum-term", "credit"] {
        assert!(text.contains(&format!(" {kind} ")), "this month has no charge of the kind {kind}");
    }
    assert!(replay.invoices.values().all(|invoice| invoice.payable_micros > 0));
    let Some(theirs) = judged(&world) else { return };
    let mut found = Vec::new();
    differences(&ours, &theirs, "", &mut found);
    found.truncate(20);
    assert!(found.is_empty(), "ours and the script's: {found:#?}");
}

#[test]
fn a_month_in_which_clocks_go_forward() {
    agree(1, 2026, 3);
    agree(2, 2026, 4);
}

#[test]
fn a_month_in_which_clocks_go_back() {
    agree(3, 2026, 10);
    agree(4, 2026, 11);
}

#[test]
fn a_february_with_a_leap_day() {
    agree(5, 2028, 2);
    agree(6, 2026, 2);
}

#[test]
fn the_order_of_events_changes_no_byte() {
    let world = World::new(7, 2026, 3);
    let mut turned = World::new(7, 2026, 3);
    turned.events.reverse();
    turned.counters.reverse();
    turned.counters.iter_mut().for_each(|counter| counter.readings.reverse());
    let (ours, first, statements) = replay(&world);
    let (again, second, others) = replay(&turned);
    assert_eq!(ours, again);
    assert_eq!(first.usage.bytes().unwrap(), second.usage.bytes().unwrap());
    for (project, invoice) in &first.invoices {
        assert_eq!(invoice.ubl().unwrap(), second.invoices[project].ubl().unwrap());
    }
    let bytes = |statements: &[Statement]| statements.iter().map(|made| made.bytes().unwrap()).collect::<Vec<_>>();
    assert_eq!(bytes(&statements), bytes(&others));
    assert!(!net(&statements).unwrap().is_empty());
    // What one broker is to pay, the other one is to get.
    for made in &statements {
        let owed = |own: &ProviderId, partner: &ProviderId| {
            let mut ledger = Ledger::default();
            ledger.revise("statements", &[wanted_for_statement(made, own).unwrap()], made.through).unwrap();
            let account = LedgerAccount::Settled(partner.clone());
            ledger.trial_balance(None).unwrap()[&(account, Currency::EUR)].net()
        };
        let (first, second) = (owed(&made.first, &made.second), owed(&made.second, &made.first));
        assert_eq!((first, second), (-made.first_pays_micros, made.first_pays_micros));
    }
}

#[test]
fn a_million_records_in_any_order_give_the_same_bytes() {
    let world = World::new(9, 2026, 3);
    let subject = &world.counters[0].subject;
    let first = month(&world, chrono_tz::UTC).interval().unwrap();
    let mut records = Vec::new();
    for number in 0..1_345 {
        let resource = Resource { kind: ResourceKind::Transfer, id: format!("t{number}") };
        let subject = Arc::new(Subject { resource, ..subject.as_ref().clone() });
        records.extend(first.cells().map(|cell| {
            let quantity = cell.begin().unsigned_abs() % 999_983 + number;
            UsageRecord::new(Arc::clone(&subject), cell, quantity, 1, Standing::Measured, Source::Partner).unwrap()
        }));
    }
    assert!(records.len() > 1_000_000);
    let account = &world.tenants[0].account;
    let rated = |usage: &Usage| {
        let month = month(&world, account.zone.0);
        serde_json::to_vec(&rate(account, &month, usage, &[], &prepare(&world).prices).unwrap()).unwrap()
    };
    let ordered: Usage = records.iter().cloned().collect();
    world::Dice::new(10).shuffle(&mut records);
    let shuffled: Usage = records.into_iter().collect();
    assert_eq!(ordered, shuffled);
    assert_eq!(rated(&ordered), rated(&shuffled));
    assert!(ordered.bytes().unwrap() == shuffled.bytes().unwrap());
}

#[test]
fn the_past_stays_as_it_was_when_time_goes_on() {
    let world = World::new(8, 2026, 3);
    let how = |now: DateTime<Utc>, revision| Metering { now, patience: 3_600, revision, since: None };
    let early = world.now - TimeDelta::days(20);
    let before: Usage = meter(&world.events, how(early, 1)).unwrap().records.into_iter().collect();
    let metered = meter(&world.events, how(world.now, 2)).unwrap();
    let mut after: Usage = metered.records.into_iter().collect();
    let alone = after.clone();
    after.extend(alone.retractions(&before, 2).unwrap());
    let both = before.join(after);
    let quantity = |usage: &Usage| usage.counted().map(|record| u128::from(record.quantity())).sum::<u128>();
    assert_eq!(quantity(&both), quantity(&alone), "what was estimated is replaced");
}
