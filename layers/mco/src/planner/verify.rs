//! The last line of defence: checks a plan against the model and the offers
//! themselves, in the plainest way and without the solver's words.

mod machine;
mod rule;

use super::index::OfferIndex;
use crate::model::{Plan, PlanOptions, PlannedMachine};
use hansa_ontology::{Money, Offer, OfferId, ResourceModel, resource_model::Replicas};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Something in a plan that the model or the offers do not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw(String);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A plan under examination.
struct Examination<'a> {
    plan: &'a Plan,
    model: &'a ResourceModel,
    index: &'a OfferIndex,
    options: &'a PlanOptions,
    flaws: Vec<Flaw>,
}

/// Checks that a plan does what the model asks with what the offers give.
/// Nothing is said about whether it is the best. Empty: the plan is sound.
#[must_use]
pub fn verify(plan: &Plan, model: &ResourceModel, index: &OfferIndex, options: &PlanOptions) -> Vec<Flaw> {
    let mut examination = Examination { plan, model, index, options, flaws: Vec::new() };
    examination.instances();
    examination.units();
    for machine in &plan.machines {
        examination.machine(machine);
    }
    examination.rules();
    examination.links();
    examination.sums();
    examination.flaws
}

impl<'a> Examination<'a> {
    fn flaw(&mut self, text: String) {
        self.flaws.push(Flaw(text));
    }

    fn require(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.flaw(text());
        }
    }

    /// How many instances of a component there are.
    fn total(&self, component: &str) -> u64 {
        self.plan.machines.iter().map(|machine| count(machine, component)).sum()
    }

    /// The offer of a machine, as it is or as it was.
    fn offer(&self, machine: &PlannedMachine) -> Option<&'a Offer> {
        let (index, options) = (self.index, self.options);
        let terms = || {
            let held = options.held.iter().find(|held| Some(held.machine) == machine.held)?;
            held.terms.as_deref().filter(|offer| offer.id == machine.offer)
        };
        index.offer(&machine.offer).or_else(terms)
    }

    /// The price at which a held machine was rented, where that is known.
    fn agreed(&self, machine: &PlannedMachine) -> Option<Money> {
        let held = self.options.held.iter().find(|held| Some(held.machine) == machine.held)?;
        let agreed = held.terms.as_deref()?.price_plan.price_per_hour;
        (agreed.currency == self.plan.currency).then_some(agreed)
    }

    fn instances(&mut self) {
        let mut ordinals: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        let plan = self.plan;
        for instance in plan.machines.iter().flat_map(|machine| &machine.instances) {
            if !ordinals.entry(&instance.component).or_default().insert(instance.ordinal) {
                self.flaw(format!("{}#{} is there twice", instance.component, instance.ordinal));
            }
            let known = self.model.components.contains_key(&instance.component)
                || self.model.machines.contains_key(&instance.component);
            self.require(known, || format!("`{}` is no component of the model", instance.component));
        }
        let model = self.model;
        let groups = model.machines.iter().map(|(name, group)| (name, group.count));
        for (name, replicas) in model.components.iter().map(|(name, it)| (name, it.replicas)).chain(groups) {
            let own = ordinals.remove(name.as_str()).unwrap_or_default();
            let count = u32::try_from(own.len()).unwrap_or(u32::MAX);
            let spared = count == 0 && self.is_alternative(name);
            let enough = count >= replicas.min() && replicas.max().is_none_or(|max| count <= max);
            self.require(spared || enough, || format!("`{name}` has {count} instances"));
            if let Replicas::Fixed(_) = replicas {
                self.require(own.iter().copied().eq(0..count), || format!("ordinals of `{name}` have a gap"));
            }
        }
    }

    fn units(&mut self) {
        let mut rented: BTreeMap<&OfferId, u64> = BTreeMap::new();
        let plan = self.plan;
        for machine in plan.machines.iter().filter(|machine| machine.held.is_none()) {
            *rented.entry(&machine.offer).or_default() += 1;
        }
        for (id, count) in rented {
            let own = self.options.held.iter().filter(|held| held.offer == *id).count() as u64;
            let taken = u64::from(self.options.taken.get(id).copied().unwrap_or(0));
            let available = self.index.offer(id).map_or(0, |offer| u64::from(offer.capacity.available_units));
            self.require(count + own + taken <= available, || format!("{count} units of {id} are more than are free"));
            self.require(!self.options.excluded.contains_key(id), || format!("{id} is excluded"));
        }
        let mut seen = BTreeSet::new();
        for machine in plan.machines.iter().filter_map(|machine| machine.held) {
            self.require(seen.insert(machine), || format!("machine {machine} is there twice"));
        }
    }

    fn sums(&mut self) {
        let price: i128 = self.plan.machines.iter().map(|machine| i128::from(machine.price_per_hour_micros)).sum();
        self.require(price == i128::from(self.plan.price_per_hour_micros), || {
            "the price is not the sum of its parts".to_owned()
        });
        if let Some(most) = self.model.constraints.max_price_micros() {
            self.require(price <= i128::from(most), || "the application costs more than it may".to_owned());
        }
        let currency = self.model.currency.unwrap_or(self.options.default_currency);
        self.require(self.plan.currency == currency, || format!("the plan is in {}", self.plan.currency));
    }

    fn links(&mut self) {
        let model = self.model;
        for link in &model.links {
            let Some(limit) = link.max_latency else {
                continue;
            };
            for near in self.plan.machines.iter().filter(|machine| count(machine, &link.from) > 0) {
                for far in self.plan.machines.iter().filter(|machine| count(machine, &link.to) > 0) {
                    let time = self.index.site_latency(&near.site, &far.site);
                    if time.is_none_or(|time| u64::from(time) > limit.0) {
                        self.flaws.push(Flaw(format!("`{}` is too far from `{}`", link.from, link.to)));
                    }
                }
            }
        }
    }
}

/// How many instances of a component a machine holds.
fn count(machine: &PlannedMachine, component: &str) -> u64 {
    machine.instances.iter().filter(|instance| instance.component == component).count() as u64
}
