//! The plan of a partner's order. The partner has chosen the offer and what
//! runs in it, so nothing is searched for: it is checked that the offer can
//! still be had and that its machine holds what is asked.

use super::{
    PlanError,
    index::{Entry, OfferIndex},
    solver::problem::DIMENSIONS,
};
use crate::model::{
    Amounts, ComponentReport, ConflictingConstraint, Infeasible, Plan, PlanOptions, PlannedMachine, Proof, ProofStatus,
};
use hansa_ontology::{
    MachineId, ResourceModel,
    order::{Delivery, Instance},
    resource_model::{Component, Protocol},
};
use std::collections::{BTreeMap, BTreeSet};

/// One machine of the offer, the held one where there is one, with all instances in it.
///
/// # Errors
/// [`PlanError::Invalid`] where the delivery names what isn't in its model;
/// [`PlanError::Infeasible`] where the offer can't be had or is too small.
pub fn deliver(
    model: &ResourceModel,
    delivery: &Delivery,
    index: &OfferIndex,
    options: &PlanOptions,
) -> Result<Plan, PlanError> {
    check_names(model, delivery)?;
    let (held, entry) = machine(delivery, index, options)?;
    let used = used(model, delivery);
    check_packages(model, delivery, &entry)?;
    check_refusals(delivery, options)?;
    check_room(&entry, used)?;
    check_ports(model, delivery)?;
    Ok(plan(delivery, index, held, &entry, used))
}

/// The machine that is held, as it was offered then, or a new one as it is offered now.
fn machine(
    delivery: &Delivery,
    index: &OfferIndex,
    options: &PlanOptions,
) -> Result<(Option<MachineId>, Entry), PlanError> {
    let held = options.held.iter().find(|held| held.offer == delivery.offer);
    if let Some((held, terms)) = held.and_then(|held| Some((held.machine, held.terms.as_deref()?))) {
        return Ok((Some(held), index.entry(terms.clone())));
    }
    let refused = |why: String| infeasible("/delivery/offer", format!("offer {} {why}", delivery.offer));
    if let Some(why) = options.excluded.get(&delivery.offer) {
        return Err(refused(format!("can't be delivered: {why}")));
    }
    let Some(entry) = index.number(&delivery.offer).and_then(|number| index.offers.get(number)) else {
        return Err(refused("is not in the catalogue any more".to_owned()));
    };
    let offer = &entry.offer;
    if let Some(from) = offer.valid_from.filter(|from| *from > options.now) {
        return Err(refused(format!("can be ordered from {} on", from.format("%Y-%m-%d %H:%M UTC"))));
    }
    if let Some(until) = offer.valid_through.filter(|until| *until < options.now) {
        return Err(refused(format!("could be ordered until {}", until.format("%Y-%m-%d %H:%M UTC"))));
    }
    let taken = options.taken.get(&offer.id).copied().unwrap_or(0);
    if offer.capacity.available_units <= taken {
        return Err(refused(format!("has no free unit of its {}", offer.capacity.available_units)));
    }
    Ok((None, entry.clone()))
}

fn check_names(model: &ResourceModel, delivery: &Delivery) -> Result<(), PlanError> {
    let mut known = BTreeSet::new();
    for (place, instance) in delivery.instances.iter().enumerate() {
        let invalid = |text: String| {
            let pointer = format!("/delivery/instances/{place}");
            Err(PlanError::Invalid { pointer, text })
        };
        if !model.components.contains_key(&instance.component) {
            return invalid(format!("names the component `{}`, which is not in the model", instance.component));
        }
        if !known.insert(instance) {
            return invalid(format!("names {}#{} a second time", instance.component, instance.ordinal));
        }
    }
    Ok(())
}

/// What was refused here can't be delivered; whoever ordered it seeks another place.
fn check_refusals(delivery: &Delivery, options: &PlanOptions) -> Result<(), PlanError> {
    let refused = |instance: &Instance| {
        let why = options.refused.get(&(instance.component.clone(), delivery.offer.clone()))?;
        Some(infeasible("/delivery/instances", format!("`{}` is refused: {why}", instance.component)))
    };
    delivery.instances.iter().find_map(refused).map_or(Ok(()), Err)
}

fn components<'a>(model: &'a ResourceModel, delivery: &'a Delivery) -> impl Iterator<Item = &'a Component> {
    delivery.instances.iter().filter_map(|instance| model.components.get(&instance.component))
}

/// Processor, memory, disk and graphics processors of all instances.
fn used(model: &ResourceModel, delivery: &Delivery) -> [u64; DIMENSIONS] {
    components(model, delivery).fold([0; DIMENSIONS], |[cpu, memory, disk, gpus], component| {
        let volumes: u64 = component.volumes.values().map(|volume| volume.size.0).fold(0, u64::saturating_add);
        let resources = &component.resources;
        [
            cpu.saturating_add(u64::from(resources.cpu.0)),
            memory.saturating_add(resources.memory.0),
            disk.saturating_add(resources.disk.0).saturating_add(volumes),
            gpus.saturating_add(u64::from(resources.gpus)),
        ]
    })
}

fn check_room(entry: &Entry, used: [u64; DIMENSIONS]) -> Result<(), PlanError> {
    let names = ["thousandths of a processor", "MiB of memory", "MiB of disk", "graphics processors"];
    let lacking: Vec<String> = names
        .iter()
        .zip(used.iter().zip(&entry.capacity))
        .filter(|(_, (used, capacity))| used > capacity)
        .map(|(name, (used, capacity))| format!("{used} {name} are asked, a machine of it has {capacity}"))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(infeasible("/delivery/instances", format!("offer {} is too small: {}", entry.offer.id, lacking.join("; "))))
}

/// What the offer's machine can't run at all.
fn check_packages(model: &ResourceModel, delivery: &Delivery, entry: &Entry) -> Result<(), PlanError> {
    match components(model, delivery).find(|component| !entry.offer.runs(component.package.runs_on())) {
        None => Ok(()),
        Some(component) => {
            let text = format!("offer {} runs no {} package", entry.offer.id, component.package.kind());
            Err(infeasible("/delivery/instances", text))
        }
    }
}

/// A port number can be had once in a machine.
fn check_ports(model: &ResourceModel, delivery: &Delivery) -> Result<(), PlanError> {
    let mut taken: BTreeSet<(bool, u16)> = BTreeSet::new();
    for (_, port, number) in components(model, delivery).flat_map(Component::machine_ports) {
        if !taken.insert((port.protocol == Protocol::Udp, number)) {
            return Err(infeasible("/delivery/instances", format!("port {number} is asked for twice in one machine")));
        }
    }
    Ok(())
}

fn infeasible(pointer: &str, text: String) -> PlanError {
    let conflict = vec![ConflictingConstraint { pointer: pointer.to_owned(), text }];
    PlanError::Infeasible(Box::new(Infeasible { conflict, minimal: true, components: BTreeMap::new() }))
}

#[expect(clippy::cast_precision_loss, reason = "the proof is told in floating point")]
fn plan(
    delivery: &Delivery,
    index: &OfferIndex,
    held: Option<MachineId>,
    entry: &Entry,
    used: [u64; DIMENSIONS],
) -> Plan {
    let offer = &entry.offer;
    let availability = offer.sla.as_ref().and_then(hansa_ontology::sla::Sla::availability);
    let mut components: BTreeMap<String, ComponentReport> = BTreeMap::new();
    for instance in &delivery.instances {
        let report = components.entry(instance.component.clone()).or_insert_with(|| ComponentReport {
            replicas: 0,
            chosen: BTreeSet::from([offer.id.clone()]),
            refused: Vec::new(),
            refused_counts: BTreeMap::new(),
        });
        report.replicas += 1;
    }
    let price = entry.price as f64 / 1_000_000.0;
    Plan {
        machines: vec![PlannedMachine {
            held,
            offer: offer.id.clone(),
            title: offer.title.clone(),
            kind: offer.kind,
            provider: offer.provider.clone(),
            site: offer.site.clone(),
            instances: delivery.instances.clone(),
            price_per_hour_micros: entry.price,
            carbon_grams_per_hour: entry.footprint.grams.normalize(),
            availability_percent: availability,
            used: amounts(used),
            capacity: amounts(entry.capacity),
        }],
        price_per_hour_micros: entry.price,
        currency: entry.currency,
        carbon_grams_per_hour: entry.footprint.grams.normalize(),
        carbon_intensity: entry.footprint.intensity,
        availability_percent: availability,
        link_latencies: Vec::new(),
        proof: Proof {
            status: ProofStatus::Optimal,
            objective: price,
            bound: price,
            gap: 0.0,
            offers_considered: index.len().min(1),
            offers_eligible: 1,
            patterns: 0,
            nodes: 0,
        },
        components,
        notes: vec!["A partner ordered this machine of this offer; nothing was chosen here.".to_owned()],
    }
}

fn amounts([cpu_milli, memory_mib, disk_mib, gpus]: [u64; DIMENSIONS]) -> Amounts {
    Amounts { cpu_milli, memory_mib, disk_mib, gpus }
}

#[cfg(test)]
mod tests;
