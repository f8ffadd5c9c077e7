//! When a machine begins to be paid for and when it ends, told in the log for
//! those who meter. Within the transaction of the change itself.

use super::Mco;
use crate::{
    error::McoError,
    model::{Machine, MachineState},
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, MachineId};
use hansa_repository::{
    Connection, RepositoryError, event,
    life::{Life, LifeChange, Rental},
};
use serde_json::json;
use std::collections::BTreeSet;

/// The machine can be used. Told once, however often it is found so.
pub(super) fn begins(
    connection: &mut Connection,
    machine: &Machine,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    if !store::machine_rented_set(connection, machine.id, true)? {
        return Ok(());
    }
    let (price, customer) = (machine.price_per_hour, machine.customer.as_deref());
    let rental = Rental {
        // What a partner orders was held before, for as long as it took the partner.
        ordered: customer.is_none().then_some(machine.created_at),
        ..Rental::new(&machine.terms, price, customer, machine.partner.as_deref())
    };
    let message = format!("a machine of offer {} is rented for {price} an hour", machine.terms.id.short());
    tell(connection, machine, LifeChange::Rented(Box::new(rental)), ("machine.rented", message), now)
}

/// The machine is given up. Nothing where it never could be used. Of one that
/// was lost it is told again: from now on nobody waits for it.
pub(super) fn ends(connection: &mut Connection, machine: &Machine, now: DateTime<Utc>) -> Result<(), RepositoryError> {
    let was_rented = store::machine_rented_set(connection, machine.id, false)?;
    if !was_rented && machine.state != MachineState::Lost {
        return Ok(());
    }
    let message = format!("the rental of a machine of offer {} has ended", machine.terms.id.short());
    tell(connection, machine, LifeChange::Ended, ("machine.rental-ended", message), now)
}

/// The machine can't be used any more, and nobody wanted that: it isn't paid
/// for while that lasts. Nothing where it never could.
pub(super) fn is_lost(
    connection: &mut Connection,
    machine: &Machine,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    if !store::machine_rented_set(connection, machine.id, false)? {
        return Ok(());
    }
    let message = format!("the rental of a machine of offer {} is interrupted: it is lost", machine.terms.id.short());
    tell(connection, machine, LifeChange::Lost, ("machine.rental-interrupted", message), now)
}

/// Those that are lost with their hosts and still count as rented, and those that are there again and don't.
fn changed(
    machines: &[Machine],
    failed: &BTreeSet<MachineId>,
    rented: &BTreeSet<MachineId>,
) -> (Vec<Machine>, Vec<Machine>) {
    let (mut lost, mut back) = (Vec::new(), Vec::new());
    for machine in machines {
        match (&machine.state, failed.contains(&machine.id), rented.contains(&machine.id)) {
            (MachineState::Ready { .. } | MachineState::Releasing, true, true) => lost.push(machine.clone()),
            (MachineState::Ready { .. }, false, false) => back.push(machine.clone()),
            _ => {}
        }
    }
    (lost, back)
}

impl Mco {
    /// Tells of machines whose hosts have failed for longer than is waited for
    /// that they are lost, and that they are there again when their hosts are.
    pub(super) async fn rentals_follow(
        &self,
        application: ApplicationId,
        machines: &[Machine],
        failed: &BTreeSet<MachineId>,
    ) -> Result<(), McoError> {
        let database = &self.rooms.database;
        let rented = database.read(move |connection| store::machines_rented(connection, application)).await?;
        let (lost, back) = changed(machines, failed, &rented);
        if lost.is_empty() && back.is_empty() {
            return Ok(());
        }
        let now = self.rooms.clock.now();
        database
            .write(move |connection| {
                lost.iter().try_for_each(|machine| is_lost(connection, machine, now))?;
                back.iter().try_for_each(|machine| begins(connection, machine, now))?;
                Ok::<_, McoError>(())
            })
            .await
    }
}

fn tell(
    connection: &mut Connection,
    machine: &Machine,
    change: LifeChange,
    (kind, message): (&str, String),
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let data = json!({ "offer": machine.terms.id, "site": machine.terms.site, "partner": machine.partner });
    let event = event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: Some(machine.application),
        subject: format!("machine/{}", machine.id),
        kind: kind.to_owned(),
        message,
        data: Life::of_machine(machine.id, change).tell(data)?,
    };
    event::append(connection, &event).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MachineState;
    use hansa_ontology::{
        ApplicationId, Currency, MachineId, Money, Offer, OfferId, OfferKind, ProjectId, ProviderId, SiteId,
        offer::{Capacity, CpuArch, Flavour, PricePlan, PricingModel},
    };
    use hansa_repository::{Database, event::EventFilter, life::Thing, project, testing::for_each_database};
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn machine() -> Machine {
        let offer = Offer {
            id: OfferId::new("urn:hansa:offer:small").unwrap(),
            title: "Small".to_owned(),
            provider: ProviderId::new("did:web:north.example").unwrap(),
            site: SiteId::new("urn:hansa:site:kiel").unwrap(),
            kind: OfferKind::VirtualMachine,
            flavour: Flavour {
                name: "small".to_owned(),
                cpu_milli: 1_000,
                memory_mib: 2_048,
                disk_mib: 10_240,
                cpu_arch: CpuArch::Amd64,
                gpu: None,
                bandwidth_mbps: None,
            },
            capacity: Capacity { available_units: 1, as_of: DateTime::UNIX_EPOCH },
            price_plan: PricePlan { model: PricingModel::Spot, price_per_hour: Money::new(12_500, Currency::EUR) },
            sla: None,
            energy: None,
            claims: Vec::new(),
            capabilities: BTreeSet::new(),
            service_area: BTreeSet::new(),
            valid_from: None,
            valid_through: None,
        };
        Machine {
            id: MachineId(Uuid::from_u128(1)),
            application: ApplicationId(Uuid::from_u128(2)),
            price_per_hour: Money::new(11_000, Currency::EUR),
            terms: Box::new(offer),
            state: MachineState::Ordered,
            created_at: DateTime::UNIX_EPOCH,
            partner: None,
            customer: Some("did:web:south.example".to_owned()),
        }
    }

    async fn told(db: &Database) -> Vec<(Option<ProjectId>, String, LifeChange)> {
        let filter = EventFilter::default();
        let events = db.read(move |connection| event::list(connection, &filter, 10, event::Order::OldestFirst));
        let life = |event: event::Event| {
            let life = Life::read(&event).unwrap().unwrap();
            assert_eq!(life.thing, Thing::Machine(machine().id));
            (event.project, event.kind, life.change)
        };
        events.await.unwrap().into_iter().map(life).collect()
    }

    #[test]
    fn a_machine_is_lost_with_its_host_and_is_there_again_with_it() {
        let (none, all) = (BTreeSet::new(), BTreeSet::from([machine().id]));
        let count = |state, failed: &BTreeSet<MachineId>, rented: &BTreeSet<MachineId>| {
            let (lost, back) = changed(&[Machine { state, ..machine() }], failed, rented);
            (lost.len(), back.len())
        };
        let ready = || MachineState::Ready { node: None };
        assert_eq!(count(ready(), &all, &all), (1, 0), "lost");
        assert_eq!(count(ready(), &all, &none), (0, 0), "told before");
        assert_eq!(count(ready(), &none, &none), (0, 1), "there again");
        assert_eq!(count(ready(), &none, &all), (0, 0));
        assert_eq!(count(MachineState::Releasing, &all, &all), (1, 0), "it isn't paid for on its way out");
        assert_eq!(count(MachineState::Releasing, &none, &none), (0, 0), "it doesn't come back");
        for state in [MachineState::Ordered, MachineState::Lost] {
            assert_eq!(count(state, &none, &none), (0, 0), "whoever makes it says when it is there");
        }
    }

    #[test]
    fn a_rental_begins_and_ends_once_at_the_price_at_which_it_was_rented() {
        for_each_database(&[store::MIGRATIONS], async |db| {
            let now = DateTime::UNIX_EPOCH;
            db.write(move |connection| {
                project::assign(connection, machine().application, &ProjectId::orders())?;
                store::machine_insert(connection, &machine())?;
                // What never could be used was never rented.
                ends(connection, &machine(), now)?;
                begins(connection, &machine(), now)?;
                begins(connection, &machine(), now)?;
                ends(connection, &machine(), now)?;
                ends(connection, &machine(), now)?;
                // Its partner isn't heard, is heard again, and not any more: then it is given up.
                begins(connection, &machine(), now)?;
                is_lost(connection, &machine(), now)?;
                is_lost(connection, &machine(), now)?;
                begins(connection, &machine(), now)?;
                is_lost(connection, &machine(), now)?;
                ends(connection, &Machine { state: MachineState::Lost, ..machine() }, now)
            })
            .await
            .unwrap();
            let rental = Rental {
                offer: machine().terms.id,
                title: "Small".to_owned(),
                provider: machine().terms.provider,
                site: machine().terms.site,
                kind: OfferKind::VirtualMachine,
                model: PricingModel::Spot,
                price_micros: 11_000,
                currency: Currency::EUR,
                customer: Some("did:web:south.example".to_owned()),
                ordered: None,
                partner: None,
                flavour: Some(machine().terms.flavour),
                sla: None,
                energy: None,
            };
            let one = |kind: &str, change| (Some(ProjectId::orders()), kind.to_owned(), change);
            let rented = || one("machine.rented", LifeChange::Rented(Box::new(rental.clone())));
            let ended = || one("machine.rental-ended", LifeChange::Ended);
            let lost = || one("machine.rental-interrupted", LifeChange::Lost);
            assert_eq!(told(&db).await, [rented(), ended(), rented(), lost(), rented(), lost(), ended()]);
        });
    }
}
