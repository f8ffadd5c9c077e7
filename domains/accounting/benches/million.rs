//! What a million usage records cost: put in order, rated, booked, billed, written.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that can't go on says so by falling")]

mod shared;

use chrono::NaiveDate;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hansa_accounting::{
    focus::{FocusContext, write_csv, write_parquet},
    invoice::{Heading, Invoice},
    ledger::{Ledger, charges_group, wanted_for_charges},
    price::{Account, Charge, Price, PriceList, PricePlan, Rate, TaxTable, Tier, Unit, Zone, rate},
    usage::{Meter, PlanId, Source, Usage, UsageRecord},
};
use hansa_ontology::{Currency, place::Area};
use shared::{acme, month, party, records};
use std::{collections::BTreeMap, hint::black_box, sync::Arc};

fn account() -> Account {
    Account {
        project: acme(),
        currency: Currency::EUR,
        zone: Zone(month().zone()),
        discounts: Vec::new(),
        reservations: Vec::new(),
    }
}

fn prices() -> PriceList {
    let tiers = vec![Tier { up_to: Some(1_000_000_000), micros: 9_001 }, Tier { up_to: None, micros: 7_003 }];
    let mut prices = PriceList::default();
    for (id, price) in [("flat", Price::Flat { micros: 8_403 }), ("steps", Price::Graduated { tiers })] {
        let meter = Meter::new("machine-seconds").unwrap();
        let rates = vec![Rate { meter, unit: Arc::new(Unit::hours()), price, free: 100_000 }];
        let (id, title) = (PlanId::new(id).unwrap(), id.to_owned());
        prices.add(PricePlan { id, title, currency: Currency::EUR, rates, minimum_term: 0 }).unwrap();
    }
    prices
}

fn invoice(charges: &[Charge]) -> Invoice {
    let issued = NaiveDate::from_ymd_opt(2026, 4, 2).unwrap();
    let (seller, buyer) = (party("Seller"), party("Buyer"));
    let heading = Heading { number: "1".to_owned(), issued, due: issued, seller, buyer, iban: None };
    let mut taxes = TaxTable::default();
    taxes.state(&Area::new("DE").unwrap(), NaiveDate::from_ymd_opt(2007, 1, 1).unwrap(), 1_900).unwrap();
    Invoice::new(heading, &account().project, &month(), Currency::EUR, charges, &taxes).unwrap()
}

/// The most memory that this process has had, as the kernel of Linux counts it.
fn memory(after: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM is not known here").to_owned();
    println!("after {after}: {peak}");
}

fn million(criterion: &mut Criterion) {
    let plan = |number: u32| if number.is_multiple_of(2) { "flat" } else { "steps" };
    let unordered = records(Source::Lifecycle, |number| (format!("machine-{number}"), plan(number)));
    println!("{} records", unordered.len());
    memory("making them");
    let usage: Usage = unordered.iter().cloned().collect();
    let charges = rate(&account(), &month(), &usage, &[], &prices()).unwrap();
    println!("{} records hold, {} charges", usage.records().len(), charges.len());
    memory("rating them");
    let mut group = criterion.benchmark_group("a million records");
    group.sample_size(10).throughput(Throughput::Elements(unordered.len() as u64));
    group.bench_function("put in order", |bencher| {
        bencher.iter_batched(
            || unordered.clone(),
            |records| records.into_iter().collect::<Usage>(),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("rated", |bencher| {
        bencher.iter(|| black_box(rate(&account(), &month(), &usage, &[], &prices()).unwrap()));
    });
    group.bench_function("from records to the invoice as UBL", |bencher| {
        let all = |records: Vec<UsageRecord>| {
            let usage: Usage = records.into_iter().collect();
            let charges = rate(&account(), &month(), &usage, &[], &prices()).unwrap();
            invoice(&charges).ubl().unwrap()
        };
        bencher.iter_batched(|| unordered.clone(), all, BatchSize::LargeInput);
    });
    group.finish();
    memory("the whole way");
    let mut group = criterion.benchmark_group("their charges");
    group.sample_size(10).throughput(Throughput::Elements(charges.len() as u64));
    let project = account().project;
    group.bench_function("booked", |bencher| {
        let wanted = wanted_for_charges(&charges);
        let book = || {
            let mut ledger = Ledger::default();
            ledger.revise(&charges_group(&project, &month()), &wanted, month().last()).unwrap();
            ledger
        };
        bencher.iter(book);
    });
    group.bench_function("billed", |bencher| bencher.iter(|| invoice(&charges).ubl().unwrap()));
    let (month, sites) = (month(), BTreeMap::new());
    let context = FocusContext { issuer: "North", month: &month, sites: &sites, invoice: None };
    group.bench_function("as FOCUS in CSV", |bencher| {
        bencher.iter(|| write_csv(&context, &charges, &mut std::io::sink()).unwrap());
    });
    group.bench_function("as FOCUS in Parquet", |bencher| {
        bencher.iter(|| write_parquet(&context, &charges, std::io::sink()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, million);
criterion_main!(benches);
