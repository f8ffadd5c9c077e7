//! When a machine begins to be paid for and when it ends, told in the log for
//! those who meter. Within the transaction of the change itself.

use crate::{model::Machine, store};
use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use hansa_repository::{
    Connection, RepositoryError, event,
    life::{Life, LifeChange, Rental},
};
use serde_json::json;

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
    let rental = Rental::new(&machine.terms, price, customer);
    let message = format!("a machine of offer {} is rented for {price} an hour", machine.terms.id.short());
    tell(connection, machine, LifeChange::Rented(Box::new(rental)), ("machine.rented", message), now)
}

/// The machine can't be used any more. Nothing where it never could.
pub(super) fn ends(connection: &mut Connection, machine: &Machine, now: DateTime<Utc>) -> Result<(), RepositoryError> {
    if !store::machine_rented_set(connection, machine.id, false)? {
        return Ok(());
    }
    let message = format!("the rental of a machine of offer {} has ended", machine.terms.id.short());
    tell(connection, machine, LifeChange::Ended, ("machine.rental-ended", message), now)
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
                // Its partner is heard again.
                begins(connection, &machine(), now)
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
            };
            let rented =
                |kind: &str| (Some(ProjectId::orders()), kind.to_owned(), LifeChange::Rented(Box::new(rental.clone())));
            let ended = (Some(ProjectId::orders()), "machine.rental-ended".to_owned(), LifeChange::Ended);
            assert_eq!(told(&db).await, [rented("machine.rented"), ended, rented("machine.rented")]);
        });
    }
}
