//! What a million usage records cost where they are kept: taken in durably,
//! told again, asked for, billed; and how fast the event log is followed. On
//! SQLite and on PostgreSQL, in transactions as in production.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that can't go on says so by falling"
)]

mod shared;

use hansa_accounting::{
    MIGRATIONS,
    price::{Account, Price, PricePlan, Rate, Unit, Zone},
    service::{Accounting, BillingAccount, Closed, Defaults, Dimension, PageRequest, Query, Seller, TaxRate},
    usage::{Meter, PlanId, Source},
};
use hansa_ontology::{
    Actor, ApplicationId, Currency, MachineId, OfferId, OfferKind, ProviderId, SiteId, offer::PricingModel, place::Area,
};
use hansa_repository::{
    Database, event,
    life::{Life, LifeChange, Rental},
    project,
    testing::{HandClock, for_each_database},
};
use serde_json::json;
use shared::{acme, month, party, records};
use std::{sync::Arc, time::Instant};
use uuid::Uuid;

/// How many things begin and end in the log.
const LIVES: u128 = 5_000;

async fn prepare(accounting: &Accounting) {
    let price = Price::Flat { micros: 8_403 };
    let rates = vec![Rate { meter: Meter::machine_seconds(), unit: Arc::new(Unit::hours()), price, free: 0 }];
    let (id, title) = (PlanId::new("flat").unwrap(), "Flat".to_owned());
    accounting.plan_put(PricePlan { id, title, currency: Currency::EUR, rates, minimum_term: 0 }).await.unwrap();
    let account = Account {
        project: acme(),
        currency: Currency::EUR,
        zone: Zone(month().zone()),
        discounts: Vec::new(),
        reservations: Vec::new(),
    };
    accounting.account_put(BillingAccount { account, buyer: Some(party("Buyer")) }, None).await.unwrap();
    let seller = Seller { party: party("Seller"), iban: None, series: String::new(), payment_days: 14 };
    accounting.seller_put(seller, None).await.unwrap();
    let day = "2007-01-01".parse().unwrap();
    accounting.tax_rate_put(TaxRate { country: Area::new("DE").unwrap(), day, basis_points: 1_900 }).await.unwrap();
}

fn told(what: &str, count: usize, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    println!("{what}: {seconds:.2} s, {:.0} a second", count as f64 / seconds);
}

async fn a_million(accounting: &Accounting) {
    prepare(accounting).await;
    let records = records(Source::Measurement, |number| (Uuid::from_u128(number.into()).to_string(), "flat"));
    let count = records.len();
    let begun = Instant::now();
    accounting.records_take(records.clone()).await.unwrap();
    told("records taken durably", count, begun);
    let begun = Instant::now();
    accounting.records_take(records).await.unwrap();
    told("the same told again", count, begun);
    let query = Query {
        project: acme(),
        application: None,
        from: month().first(),
        through: month().last(),
        by: vec![Dimension::Day],
    };
    let begun = Instant::now();
    let report = accounting.cost(&query, &PageRequest::default()).await.unwrap();
    told(&format!("live cost by day ({} rows)", report.rows.items.len()), count, begun);
    let begun = Instant::now();
    let Closed::Billed(invoice) = accounting.month_close(&acme(), "2026-03").await.unwrap() else { panic!("nothing") };
    told(&format!("the month billed and booked (invoice {})", invoice.invoice.heading.number), count, begun);
    let begun = Instant::now();
    accounting.cost(&query, &PageRequest::default()).await.unwrap();
    told("its cost by day, once it is billed", count, begun);
}

async fn a_log(database: &Database, accounting: &Accounting) {
    let application = ApplicationId(Uuid::from_u128(7));
    database.write(move |connection| project::assign(connection, application, &acme())).await.unwrap();
    let rental = Rental {
        offer: OfferId::new("urn:hansa:offer:small").unwrap(),
        title: "Small".to_owned(),
        provider: ProviderId::new("did:web:north.example").unwrap(),
        site: SiteId::new("urn:hansa:site:kiel").unwrap(),
        kind: OfferKind::VirtualMachine,
        model: PricingModel::OnDemand,
        price_micros: 8_403,
        currency: Currency::EUR,
        customer: None,
        ordered: None,
        partner: None,
        flavour: None,
        sla: None,
        energy: None,
    };
    let at = month().interval().unwrap().from();
    let event = |number: u128, hours: i64, change: LifeChange| event::NewEvent {
        at: at + chrono::TimeDelta::hours(hours),
        actor: Actor::Broker,
        application: Some(application),
        subject: "machine".to_owned(),
        kind: "machine.told".to_owned(),
        message: String::new(),
        data: Life::of_machine(MachineId(Uuid::from_u128(1_000_000 + number)), change).tell(json!({})).unwrap(),
    };
    let begins = (0..LIVES).map(|number| event(number, 0, LifeChange::Rented(Box::new(rental.clone()))));
    let events: Vec<_> = begins.chain((0..LIVES).map(|number| event(number, 24, LifeChange::Ended))).collect();
    let count = events.len();
    database.write(move |connection| event::append_all(connection, &events)).await.unwrap();
    let (begun, mut records) = (Instant::now(), 0);
    loop {
        let followed = accounting.follow().await.unwrap();
        records += followed.records;
        if followed.is_idle() {
            break;
        }
    }
    told(&format!("events followed ({records} records)"), count, begun);
}

fn main() {
    for_each_database(&[MIGRATIONS], async |database| {
        let clock = HandClock::new("2026-04-02T00:00:00Z".parse().unwrap());
        let accounting = Accounting::new(database.clone(), Arc::new(clock), Defaults::default());
        a_million(&accounting).await;
        a_log(&database, &accounting).await;
    });
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM is not known here"));
}
