//! From the event log to energy, carbon and advice, on both databases.

mod advised;
mod compared;
mod counted;
mod measured;
mod moved;
mod shifted;
mod stated;

use super::*;
use crate::quantity::{Carbon, Energy};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hansa_ontology::{
    Actor, ApplicationId, Currency, MachineId, OfferId, OfferKind, ProjectId, ProviderId, WorkloadId,
    offer::{CpuArch, Flavour, PricingModel},
    site::EnergyProfile,
};
use hansa_repository::{
    Database, ErrorKind, Migrations,
    ambient::Clock as _,
    event,
    life::{Life, LifeChange, Placement, Rental, Thing},
    testing::{HandClock, TestDatabase, for_each_test_database},
};
use rust_decimal::Decimal;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

const MACHINE: MachineId = MachineId(Uuid::from_u128(1));
const FRONT: WorkloadId = WorkloadId(Uuid::from_u128(2));
const BACK: WorkloadId = WorkloadId(Uuid::from_u128(3));
const APPLICATION: ApplicationId = ApplicationId(Uuid::from_u128(4));
const SITE: &str = "urn:hansa:site:kiel";

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn project() -> ProjectId {
    ProjectId::new("acme/web").unwrap()
}

fn for_each(test: impl AsyncFn(&TestDatabase)) {
    for_each_test_database(&[crate::MIGRATIONS] as &[Migrations], test);
}

/// A broker whose clock is set by hand.
struct Broker {
    database: Database,
    clock: Arc<HandClock>,
    sustainability: Sustainability,
}

impl Broker {
    async fn new(database: Database, now: &str) -> Self {
        let clock = Arc::new(HandClock::new(moment(now)));
        let catalogue = CatalogueService::new(database.clone()).unwrap();
        let options = Options::default();
        let sustainability = Sustainability::new(database.clone(), Arc::clone(&clock) as _, catalogue, options);
        let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
        database.write(assigned).await.unwrap();
        Self { database, clock, sustainability }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// As layers write: with the change itself, at the clock's time.
    async fn tell(&self, thing: Thing, change: LifeChange, data: serde_json::Value) {
        let new = event::NewEvent {
            at: self.now(),
            actor: Actor::Broker,
            application: Some(APPLICATION),
            subject: thing.to_string(),
            kind: "test.told".to_owned(),
            message: String::new(),
            data: Life { thing, change }.tell(data).unwrap(),
        };
        self.database.write(move |connection| event::append(connection, &new)).await.unwrap();
    }

    async fn rent(&self, rental: Rental) {
        self.tell(Thing::Machine(MACHINE), LifeChange::Rented(Box::new(rental)), json!({})).await;
    }

    async fn place(&self, workload: WorkloadId, component: &str, cpu_milli: u64) {
        let placed = LifeChange::Placed(Placement { machine: MACHINE, mebibytes: None });
        let data = json!({ "component": component, "cpuMilli": cpu_milli });
        self.tell(Thing::Workload(workload), placed, data).await;
    }

    async fn end(&self, thing: Thing) {
        self.tell(thing, LifeChange::Ended, json!({})).await;
    }

    fn set(&self, to: &str) {
        self.clock.advance(moment(to) - self.now());
    }

    /// Time goes on, and the log is followed every few minutes.
    async fn until(&self, then: &str) {
        let then = moment(then);
        loop {
            let now = self.now();
            self.follow().await;
            if now >= then {
                return;
            }
            self.clock.advance((then - now).min(TimeDelta::minutes(37)));
        }
    }

    async fn follow(&self) {
        while !self.sustainability.follow().await.unwrap().is_idle() {}
    }

    async fn carbon(&self, from: &str, through: &str, by: &[Dimension]) -> Report {
        self.sustainability.carbon(&query(from, through, by)).await.unwrap()
    }
}

fn query(from: &str, through: &str, by: &[Dimension]) -> Query {
    Query { project: Some(project()), application: None, from: day(from), through: day(through), by: by.to_vec() }
}

/// Two virtual processors, 4 GiB, 20 GiB of disk.
fn small() -> Flavour {
    Flavour {
        name: "small".to_owned(),
        cpu_milli: 2_000,
        memory_mib: 4_096,
        disk_mib: 20_480,
        cpu_arch: CpuArch::Amd64,
        gpu: None,
        bandwidth_mbps: None,
    }
}

/// 400 g/kWh, a PUE of 1.2, and the power if it is stated.
fn energy(watts: Option<i64>) -> EnergyProfile {
    EnergyProfile {
        carbon_intensity: Decimal::from(400),
        pue: Decimal::new(12, 1),
        renewable_share: None,
        power_watts: watts.map(Decimal::from),
    }
}

fn rental(flavour: Option<Flavour>, energy: Option<EnergyProfile>) -> Rental {
    Rental {
        offer: OfferId::new("urn:hansa:offer:small").unwrap(),
        title: "Small".to_owned(),
        provider: ProviderId::new("did:web:north.example").unwrap(),
        site: hansa_ontology::SiteId::new(SITE).unwrap(),
        kind: OfferKind::VirtualMachine,
        model: PricingModel::OnDemand,
        price_micros: 8_403,
        currency: Currency::EUR,
        customer: None,
        ordered: None,
        partner: None,
        flavour,
        sla: None,
        energy,
    }
}

#[track_caller]
fn close(what: &str, figure: Decimal, hand: f64) {
    let figure: f64 = figure.to_string().parse().unwrap();
    assert!((figure - hand).abs() <= hand.abs() * 1e-6 + 1e-6, "{what}: {figure} is not {hand}");
}

/// Watt-hours of `small` in an hour by the documented formula, at a use of its processors.
fn hour_by_hand(used: f64) -> f64 {
    let processors = 2.0 * (0.74 + used * (3.5 - 0.74));
    let memory = 4_096.0 * 1.048_576e6 / 1e9 * 0.392;
    let storage = 20_480.0 * 1.048_576e6 / 1e12 * 1.2;
    processors + memory + storage
}

/// Grams of `small`'s making that an hour of it owes: of a server with 96 virtual processors.
fn embodied_by_hand() -> f64 {
    (1_000.0 + 100.0 + 368.0 * 533.0 / 384.0) * 1_000.0 / 35_040.0 * 2.0 / 96.0
}
