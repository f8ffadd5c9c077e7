//! From what the event log tells of lives to events that can be metered.

use super::{Change, LifecycleEvent, Meter, PlanId, Resource, ResourceKind, Terms};
use crate::{AccountingError, price::PricePlan};
use hansa_ontology::{MachineId, OfferKind, ProjectId};
use hansa_repository::{
    event::Event,
    life::{Life, LifeChange, Placement, Rental, Thing},
};
use std::collections::BTreeMap;

/// What an event of the log means for metering; none where it means nothing:
/// the end of what was never told to have begun, which a machine is that was
/// only held. `known` gives what is known of a thing: what it is, and its last terms.
///
/// Machines are told of by whoever rents them (begin, terms, end) and by whoever
/// makes them (lost, there again). Workloads and volumes have the payer and the
/// offer of their machine, and are paid for with it.
///
/// # Errors
/// When the price of a rental is below 0.
pub fn bridge(
    event: &Event,
    life: &Life,
    known: impl Fn(&Thing) -> Option<(Resource, Terms)>,
) -> Result<Option<LifecycleEvent>, AccountingError> {
    let before = known(&life.thing);
    let told = match &life.change {
        LifeChange::Rented(rental) => {
            let resource = Resource { kind: kind(rental.kind), id: id(&life.thing) };
            Some((resource, Change::Started(rented(event, rental)?)))
        }
        LifeChange::Placed(placement) => {
            let machine = known(&Thing::Machine(placement.machine));
            machine.and_then(|(_, terms)| placed(event, &life.thing, placement, terms))
        }
        // No new begin: where nobody knew that it was away it was there all the time.
        LifeChange::Resumed => before.map(|(resource, terms)| (resource, Change::Changed(terms))),
        LifeChange::Ended | LifeChange::Lost => before.map(|(resource, _)| (resource, Change::Stopped)),
    };
    let sequence = event.sequence.unsigned_abs();
    Ok(told.map(|(resource, change)| LifecycleEvent { sequence, at: event.at, resource, change }))
}

const fn kind(of: OfferKind) -> ResourceKind {
    match of {
        OfferKind::BareMetal => ResourceKind::Server,
        OfferKind::VirtualMachine => ResourceKind::Machine,
        OfferKind::Container => ResourceKind::Cluster,
    }
}

fn id(thing: &Thing) -> String {
    match thing {
        Thing::Machine(MachineId(id)) => id.to_string(),
        Thing::Workload(id) => id.to_string(),
        Thing::Volume(name) => name.clone(),
    }
}

fn rented(event: &Event, rental: &Rental) -> Result<Terms, AccountingError> {
    Ok(Terms {
        provider: rental.provider.clone(),
        // What belongs to nobody here was ordered by a partner.
        project: event.project.clone().unwrap_or_else(ProjectId::orders),
        application: event.application,
        offer: Some(rental.offer.clone()),
        plan: PricePlan::of_rental(rental)?.id,
        meters: BTreeMap::from([(Meter::machine_seconds(), 1)]),
    })
}

fn placed(event: &Event, thing: &Thing, placement: &Placement, machine: Terms) -> Option<(Resource, Change)> {
    let (kind, meter, in_a_second) = match thing {
        Thing::Workload(_) => (ResourceKind::Workload, Meter::workload_seconds(), 1),
        Thing::Volume(_) => (ResourceKind::Volume, Meter::mib_seconds(), placement.mebibytes.unwrap_or_default()),
        Thing::Machine(_) => return None,
    };
    let terms = Terms {
        application: event.application,
        plan: PlanId::included(),
        meters: BTreeMap::from([(meter, in_a_second)]),
        ..machine
    };
    Some((Resource { kind, id: id(thing) }, Change::Started(terms)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{broker, machine, project, terms};
    use hansa_ontology::{Actor, Currency, OfferId, SiteId, WorkloadId, offer::PricingModel};
    use uuid::Uuid;

    const MACHINE: Thing = Thing::Machine(MachineId(Uuid::from_u128(1)));

    fn event(project: Option<ProjectId>) -> Event {
        Event {
            sequence: 9,
            at: crate::testing::second(0),
            actor: Actor::Broker,
            application: None,
            subject: String::new(),
            kind: String::new(),
            message: String::new(),
            data: serde_json::Value::Null,
            request: None,
            project,
        }
    }

    fn rental(kind: OfferKind, model: PricingModel) -> Rental {
        Rental {
            offer: OfferId::new("urn:hansa:offer:small").unwrap(),
            title: "Small".to_owned(),
            provider: broker("north"),
            site: SiteId::new("urn:hansa:site:kiel").unwrap(),
            kind,
            model,
            price_micros: 8_403,
            currency: Currency::EUR,
            customer: None,
            ordered: None,
            partner: None,
            flavour: None,
            sla: None,
            energy: None,
        }
    }

    fn bridged(thing: Thing, change: LifeChange, known: bool) -> Option<(Resource, Change)> {
        let known = |_: &Thing| known.then(|| (machine("m1"), terms("small")));
        let told = bridge(&event(Some(project())), &Life { thing, change }, known).unwrap();
        told.map(|told| (told.resource, told.change))
    }

    #[test]
    fn a_rental_says_all_that_is_metered() {
        for (kind, as_kind) in [
            (OfferKind::BareMetal, ResourceKind::Server),
            (OfferKind::VirtualMachine, ResourceKind::Machine),
            (OfferKind::Container, ResourceKind::Cluster),
        ] {
            let rented = LifeChange::Rented(Box::new(rental(kind, PricingModel::OnDemand)));
            let (resource, change) = bridged(MACHINE, rented, false).unwrap();
            assert_eq!((resource.kind, resource.id.as_str()), (as_kind, "00000000-0000-0000-0000-000000000001"));
            let Change::Started(terms) = change else { panic!("{change:?}") };
            assert_eq!((terms.project, terms.provider), (project(), broker("north")));
            assert_eq!(terms.meters, BTreeMap::from([(Meter::machine_seconds(), 1)]));
        }
        let life = Life {
            thing: MACHINE,
            change: LifeChange::Rented(Box::new(rental(OfferKind::Container, PricingModel::Spot))),
        };
        let told = bridge(&event(None), &life, |_| None).unwrap().unwrap();
        let Change::Started(terms) = told.change else { panic!("{told:?}") };
        assert_eq!(terms.project, ProjectId::orders(), "a partner's order");
    }

    #[test]
    fn the_same_terms_are_the_same_plan_and_others_are_another() {
        let plan = |rental: Rental| PricePlan::of_rental(&rental).unwrap();
        let first = plan(rental(OfferKind::Container, PricingModel::OnDemand));
        assert_eq!(first, plan(rental(OfferKind::BareMetal, PricingModel::OnDemand)));
        assert_eq!(first.rates[0].price.flat(), Some(8_403));
        let spot = plan(rental(OfferKind::Container, PricingModel::Spot));
        assert_eq!((spot.rates[0].price.flat(), spot.id == first.id), (None, false));
        let dearer = Rental { price_micros: 8_404, ..rental(OfferKind::Container, PricingModel::OnDemand) };
        assert_ne!(plan(dearer).id, first.id);
        let renamed = Rental { title: "Small, new".to_owned(), ..rental(OfferKind::Container, PricingModel::OnDemand) };
        assert_ne!(plan(renamed).id, first.id);
        let long = OfferId::new(format!("urn:hansa:offer:{}", "\u{e4}\u{20ac}x".repeat(80))).unwrap();
        assert!(
            plan(Rental { offer: long, ..rental(OfferKind::Container, PricingModel::OnDemand) }).id.as_str().len()
                < 100
        );
        let below = Rental { price_micros: -1, ..rental(OfferKind::Container, PricingModel::OnDemand) };
        assert!(PricePlan::of_rental(&below).unwrap_err().to_string().contains("is below 0"));
    }

    #[test]
    fn what_is_in_a_machine_is_its_payers_and_included() {
        let thing = Thing::Workload(WorkloadId(Uuid::from_u128(5)));
        let placed = |mebibytes| LifeChange::Placed(Placement { machine: MachineId(Uuid::from_u128(1)), mebibytes });
        let Some((resource, Change::Started(told))) = bridged(thing.clone(), placed(None), true) else {
            panic!("a begin")
        };
        assert_eq!((resource.kind, told.plan, told.project), (ResourceKind::Workload, PlanId::included(), project()));
        let Some((_, Change::Started(told))) = bridged(Thing::Volume("v".to_owned()), placed(Some(20)), true) else {
            panic!("a begin")
        };
        assert_eq!(told.meters, BTreeMap::from([(Meter::mib_seconds(), 20)]));
        assert_eq!(bridged(thing, placed(None), false), None, "nobody has told of its machine");
    }

    #[test]
    fn what_never_began_neither_ends_nor_comes_back() {
        for change in [LifeChange::Ended, LifeChange::Lost, LifeChange::Resumed] {
            assert_eq!(bridged(MACHINE, change, false), None);
        }
        for change in [LifeChange::Ended, LifeChange::Lost] {
            assert_eq!(bridged(MACHINE, change, true), Some((machine("m1"), Change::Stopped)));
        }
        assert_eq!(bridged(MACHINE, LifeChange::Resumed, true), Some((machine("m1"), Change::Changed(terms("small")))));
    }
}
