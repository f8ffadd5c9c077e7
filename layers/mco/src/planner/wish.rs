//! A resource model in numbers: components by number, each thing that is asked
//! as an item with its place in the model, so that it can be explained and
//! left out alone.

mod ask;
mod group;
mod rule;

pub(super) use rule::{Rule, Tie};

use super::{
    PlanError,
    index::OfferIndex,
    requirement::Check,
    solver::problem::{Amount, DIMENSIONS, Mask},
};
use crate::model::PlanOptions;
use hansa_ontology::{
    Currency, ResourceModel,
    resource_model::{Component, Objective, ObjectiveKind, Protocol, Replicas, Weights},
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Components are members of sets of this size.
const MOST_COMPONENTS: usize = Mask::BITS as usize;

/// One thing that the model asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// Where, as a JSON Pointer.
    pub(super) pointer: String,
    /// What, for people.
    pub(super) text: String,
}

/// A component in numbers.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) demand: Amount,
    /// The items that ask for each resource.
    pub(super) demand_items: [Option<usize>; DIMENSIONS],
    pub(super) lower: u32,
    pub(super) upper: Option<u32>,
    /// Items that ask for more than one instance, and for no more than so many.
    pub(super) lower_item: Option<usize>,
    pub(super) upper_item: Option<usize>,
    /// Port numbers that an instance must have: no two on one machine.
    pub(super) ports: Vec<(usize, Protocol, u16)>,
}

/// A model in numbers.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) parts: Vec<Part>,
    pub(super) items: Vec<Item>,
    /// Requirements on each machine, those that are most telling first.
    pub(super) checks: Vec<(Check, Mask)>,
    pub(super) rules: Vec<(usize, Rule)>,
    /// The parts that are groups of machines.
    pub(super) groups: Mask,
    pub(super) links: Vec<Tie>,
    /// Bound on the whole price, micro-units, with its item.
    pub(super) max_price: Option<(usize, i64)>,
    pub(super) currency: Currency,
    pub(super) weights: Weights,
}

impl Wish {
    /// Reads a model.
    ///
    /// # Errors
    /// When a rule or link names a component that isn't there, or a number means nothing.
    pub(super) fn new(model: &ResourceModel, index: &OfferIndex, options: &PlanOptions) -> Result<Self, PlanError> {
        let many = model.components.len() + model.machines.len();
        if many > MOST_COMPONENTS {
            let text = format!("has {many} components and groups; at most {MOST_COMPONENTS} can be planned together");
            return Err(PlanError::Invalid { pointer: "/components".to_owned(), text });
        }
        let currency = model.currency.unwrap_or(options.default_currency);
        let mut wish = Self {
            parts: Vec::new(),
            items: Vec::new(),
            checks: Vec::new(),
            rules: Vec::new(),
            groups: 0,
            links: Vec::new(),
            max_price: None,
            currency,
            weights: weights(model.objective)?,
        };
        for (name, component) in &model.components {
            wish.add_part(name, component);
        }
        let numbers: BTreeMap<&str, usize> =
            model.components.keys().enumerate().map(|(number, name)| (name.as_str(), number)).collect();
        wish.add_groups(model)?;
        wish.add_asks(model, index, &options.refused);
        for (place, rule) in model.rules.iter().enumerate() {
            let pointer = format!("/rules/{place}");
            let (rule, text) = rule::read(rule, &numbers, &pointer)?;
            let item = wish.item(pointer, text);
            wish.rules.push((item, rule));
        }
        for (place, link) in model.links.iter().enumerate() {
            wish.add_link(place, link, &numbers)?;
        }
        Ok(wish)
    }

    /// The number of a component.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.parts.iter().position(|part| part.name == name)
    }

    fn item(&mut self, pointer: String, text: String) -> usize {
        self.items.push(Item { pointer, text });
        self.items.len() - 1
    }

    fn add_part(&mut self, name: &str, component: &Component) {
        let pointer = format!("/components/{}", escaped(name));
        let volumes: u64 = component.volumes.values().map(|volume| volume.size.0).sum();
        let resources = &component.resources;
        let demand = [
            u64::from(resources.cpu.0),
            resources.memory.0,
            resources.disk.0.saturating_add(volumes),
            u64::from(resources.gpus),
        ];
        let bounds = self.bounds(name, &format!("{pointer}/replicas"), component.replicas, ["instance", "instances"]);
        let mut ports = Vec::new();
        for (port, exposed, number) in component.machine_ports() {
            let text = format!("`{name}` needs port {number} of its machine for itself");
            let item = self.item(format!("{pointer}/ports/{}/number", escaped(port)), text);
            ports.push((item, exposed.protocol, number));
        }
        let demand_items = [None; DIMENSIONS];
        self.parts.push(Part { demand, demand_items, ports, ..bounds });
    }

    /// A part of which nothing is known but how many there are.
    fn bounds(&mut self, name: &str, pointer: &str, count: Replicas, [one, several]: [&str; 2]) -> Part {
        let (lower, upper) = (count.min(), count.max());
        let fixed = matches!(count, Replicas::Fixed(_));
        let at = |bound: &str| if fixed { pointer.to_owned() } else { format!("{pointer}/{bound}") };
        let lower_item = (lower > 1).then(|| self.item(at("min"), format!("`{name}` has at least {lower} {several}")));
        let upper_item = upper.map(|upper| {
            let plural = if upper == 1 { one } else { several };
            self.item(at("max"), format!("`{name}` has at most {upper} {plural}"))
        });
        Part {
            name: name.to_owned(),
            demand: [0; DIMENSIONS],
            demand_items: [None; DIMENSIONS],
            lower,
            upper,
            lower_item,
            upper_item,
            ports: Vec::new(),
        }
    }

    fn add_link(
        &mut self,
        place: usize,
        link: &hansa_ontology::resource_model::Link,
        numbers: &BTreeMap<&str, usize>,
    ) -> Result<(), PlanError> {
        let from = rule::known(&link.from, numbers, &format!("/links/{place}/from"))?;
        let to = rule::known(&link.to, numbers, &format!("/links/{place}/to"))?;
        let limit = link.max_latency.map(|limit| {
            let text = format!("`{}` reaches `{}` within {limit}", link.from, link.to);
            let item = self.item(format!("/links/{place}/maxLatency"), text);
            (item, u32::try_from(limit.0).unwrap_or(u32::MAX - 1))
        });
        self.links.push(Tie { from, to, limit });
        Ok(())
    }
}

/// A segment of a JSON Pointer (RFC 6901, section 3).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn weights(objective: Objective) -> Result<Weights, PlanError> {
    let none = Weights { price: Decimal::ZERO, latency: Decimal::ZERO, carbon: Decimal::ZERO };
    let weights = match objective {
        Objective::One(ObjectiveKind::Price) => Weights { price: Decimal::ONE, ..none },
        Objective::One(ObjectiveKind::Latency) => Weights { latency: Decimal::ONE, ..none },
        Objective::One(ObjectiveKind::Carbon) => Weights { carbon: Decimal::ONE, ..none },
        Objective::Weighted(weights) => weights,
    };
    let most = Decimal::from(1_000_000);
    for (name, weight) in [("price", weights.price), ("latency", weights.latency), ("carbon", weights.carbon)] {
        if weight < Decimal::ZERO || weight > most {
            let text = format!("is {weight}; a weight is between 0 and {most}");
            return Err(PlanError::Invalid { pointer: format!("/objective/{name}"), text });
        }
    }
    Ok(weights)
}
