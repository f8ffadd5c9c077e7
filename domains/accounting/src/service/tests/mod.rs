//! From the event log to the invoice, on both databases.

mod billed;
mod budgets;
mod credited;
mod metered;

use super::*;
use crate::testing::{broker, day, moment, project};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{
    Actor, ApplicationId, Currency, MachineId, OfferId, OfferKind, SiteId, WorkloadId, offer::PricingModel,
};
use hansa_repository::{
    Database, DatabaseOptions, ErrorKind,
    ambient::Clock,
    event,
    life::{Life, LifeChange, Placement, Rental, Thing},
    testing::{HandClock, TestDatabase, for_each_test_database},
};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

const MACHINE: MachineId = MachineId(Uuid::from_u128(1));
const OTHER: MachineId = MachineId(Uuid::from_u128(2));
const WORKLOAD: WorkloadId = WorkloadId(Uuid::from_u128(3));
const APPLICATION: ApplicationId = ApplicationId(Uuid::from_u128(4));

/// A broker whose clock is set by hand.
struct Broker {
    database: Database,
    clock: Arc<HandClock>,
    accounting: Accounting,
}

impl Broker {
    async fn new(database: Database, now: &str) -> Self {
        let clock = Arc::new(HandClock::new(moment(now)));
        let accounting = Accounting::new(database.clone(), Arc::clone(&clock) as _, Defaults::default());
        Self { database, clock, accounting }
    }

    fn now(&self) -> DateTime<Utc> {
        Clock::now(&*self.clock)
    }

    fn set(&self, to: &str) {
        self.clock.advance(moment(to) - self.now());
    }

    /// As layers write: with the change itself, at the clock's time.
    async fn tell(&self, thing: Thing, change: LifeChange) {
        let new = event::NewEvent {
            at: self.now(),
            actor: Actor::Broker,
            application: Some(APPLICATION),
            subject: thing.to_string(),
            kind: "test.told".to_owned(),
            message: String::new(),
            data: Life { thing, change }.tell(json!({ "site": "x" })).unwrap(),
        };
        self.database.write(move |connection| event::append(connection, &new)).await.unwrap();
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
        while !self.accounting.follow().await.unwrap().is_idle() {}
    }

    async fn cost(&self, from: &str, through: &str, by: &[Dimension]) -> CostReport {
        self.accounting.cost(&query(from, through, by), &PageRequest::default()).await.unwrap()
    }
}

fn query(from: &str, through: &str, by: &[Dimension]) -> Query {
    Query { project: project(), application: None, from: day(from), through: day(through), by: by.to_vec() }
}

fn rental(micros: i64, kind: OfferKind) -> LifeChange {
    LifeChange::Rented(Box::new(Rental {
        offer: OfferId::new("urn:hansa:offer:small").unwrap(),
        title: "Small".to_owned(),
        provider: broker("north"),
        site: SiteId::new("urn:hansa:site:kiel").unwrap(),
        kind,
        model: PricingModel::OnDemand,
        price_micros: micros,
        currency: Currency::EUR,
        customer: None,
        ordered: None,
        partner: None,
        flavour: None,
        sla: None,
        energy: None,
    }))
}

/// A machine of 3.6 cents an hour that began in February 2026, broke for an
/// hour, and ended in March; with a workload and a volume in it.
async fn a_life(broker: &Broker) {
    let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
    broker.database.write(assigned).await.unwrap();
    // Who makes it is first; to metering that means nothing yet.
    broker.tell(Thing::Machine(MACHINE), LifeChange::Resumed).await;
    broker.tell(Thing::Machine(MACHINE), rental(36_000, OfferKind::VirtualMachine)).await;
    let placed = Placement { machine: MACHINE, mebibytes: None };
    broker.tell(Thing::Workload(WORKLOAD), LifeChange::Placed(placed)).await;
    let kept = Placement { machine: MACHINE, mebibytes: Some(100) };
    broker.tell(Thing::Volume("a/b/0".to_owned()), LifeChange::Placed(kept)).await;
    broker.until("2026-02-28T01:10:00Z").await;
    broker.tell(Thing::Workload(WORKLOAD), LifeChange::Ended).await;
    broker.tell(Thing::Machine(MACHINE), LifeChange::Ended).await;
    broker.until("2026-02-28T02:10:00Z").await;
    broker.tell(Thing::Machine(MACHINE), LifeChange::Resumed).await;
    broker.until("2026-03-01T05:10:00Z").await;
    broker.tell(Thing::Machine(MACHINE), LifeChange::Ended).await;
    broker.tell(Thing::Machine(MACHINE), LifeChange::Ended).await;
}

fn seconds(from: &str, to: &str) -> i64 {
    (moment(to) - moment(from)).num_seconds()
}
