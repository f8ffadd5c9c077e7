//! The numbers that policies decide, in models and in plans.

use hansa_mco::model::Plan;
use hansa_ontology::{
    ResourceModel,
    resource_model::{Replicas, scaling::Scaling},
};
use std::collections::{BTreeMap, BTreeSet};

/// How many of each component and machine group, by name.
pub(crate) type Numbers = BTreeMap<String, u32>;

/// The components and machine groups whose number a policy decides.
pub(crate) fn targets(model: &ResourceModel) -> BTreeSet<&str> {
    let components = model.components.iter().filter(|(_, it)| it.scaling.is_some()).map(|(name, _)| name);
    let groups = model.machines.iter().filter(|(_, it)| it.scaling.is_some()).map(|(name, _)| name);
    let micado = model.micado.iter().map(|policy| &policy.target);
    components.chain(groups).chain(micado).map(String::as_str).collect()
}

/// Whether something of the application is asked for in every round.
pub(crate) fn is_watched(model: &ResourceModel) -> bool {
    !targets(model).is_empty() || !model.alerts.is_empty()
}

/// Puts the numbers that were decided into a model. What was not decided yet
/// begins with its own number, within its bounds.
pub(crate) fn apply(model: &mut ResourceModel, numbers: &Numbers) {
    let micado: BTreeSet<String> = model.micado.iter().map(|policy| policy.target.clone()).collect();
    let number = |name: &String, own: Replicas, scaling: Option<&Scaling>| match (numbers.get(name), scaling) {
        (decided, Some(scaling)) => {
            let wanted = decided.copied().unwrap_or_else(|| own.min());
            Replicas::Fixed(wanted.clamp(scaling.min, scaling.max.max(scaling.min)))
        }
        (Some(decided), None) if micado.contains(name) => Replicas::Fixed(*decided),
        _ => own,
    };
    for (name, component) in &mut model.components {
        component.replicas = number(name, component.replicas, component.scaling.as_ref());
    }
    for (name, group) in &mut model.machines {
        group.count = number(name, group.count, group.scaling.as_ref());
    }
}

/// How many of a component or a group a model asks for.
pub(crate) fn asked(model: &ResourceModel, name: &str) -> u32 {
    replicas(model, name).min()
}

fn replicas(model: &ResourceModel, name: &str) -> Replicas {
    let component = model.components.get(name).map(|component| component.replicas);
    component.or_else(|| model.machines.get(name).map(|group| group.count)).unwrap_or(Replicas::Fixed(0))
}

/// How many of a component or a group a plan has.
pub(crate) fn planned(plan: &Plan, name: &str) -> u32 {
    let count = plan.machines.iter().flat_map(|machine| &machine.instances).filter(|one| one.component == name).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether a plan of this revision has the numbers that its policies want now.
pub(crate) fn fits(plan: &Plan, model: &ResourceModel) -> bool {
    targets(model).into_iter().all(|name| {
        let (planned, wanted) = (planned(plan, name), replicas(model, name));
        planned >= wanted.min() && wanted.max().is_none_or(|most| planned <= most)
    })
}

/// The model with the numbers that a plan has.
pub(crate) fn as_planned(model: &ResourceModel, plan: &Plan) -> ResourceModel {
    let numbers = targets(model).into_iter().map(|name| (name.to_owned(), planned(plan, name))).collect();
    let mut model = model.clone();
    apply(&mut model, &numbers);
    model
}
