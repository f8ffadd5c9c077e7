//! From a surveyed model to placement problems: one for each way to choose
//! between alternatives (`oneOf`).

mod count;
mod place;

pub(super) use place::cost;

use super::{
    PlanError,
    solver::problem::{Component, Link, Mask, Problem, ZoneCap, bit, bits},
    survey::{Active, Survey},
    wish::Rule,
};
use hansa_ontology::resource_model::Scope;
use std::collections::BTreeSet;

/// Ways to choose between alternatives that are tried at most.
const MOST_ALTERNATIVES: usize = 4_096;

/// An instance that stays in its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pin {
    pub(super) component: usize,
    pub(super) ordinal: u32,
    /// Number of the held machine.
    pub(super) held: usize,
}

/// What a slot of a problem stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A held machine, by number.
    Held(usize),
    /// Offers that are alike, with the units of each.
    Offers(Vec<(usize, u32)>),
}

/// A problem with what its slots stand for.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    pub(super) problems: Vec<Problem>,
    pub(super) sources: Vec<Vec<Source>>,
}

/// Sets up the problems for the items that count.
pub(super) fn compile(survey: &Survey<'_>, active: &Active, pins: &[Pin]) -> Result<Compiled, PlanError> {
    let mut compiled = Compiled { problems: Vec::new(), sources: Vec::new() };
    for off in alternatives(survey, active)? {
        let mut problem = Problem { latency_weight: latency_weight(survey), ..Problem::default() };
        if !count::components(survey, active, off, pins, &mut problem) {
            continue;
        }
        machine_rules(survey, active, off, &mut problem);
        let zoned = zoned(survey, active);
        for number in bits(zoned) {
            if let Some(component) = problem.components.get_mut(number) {
                component.zoned = true;
            }
        }
        problem.max_price = survey.wish.max_price.filter(|(item, _)| active.has(*item)).map(|(_, most)| most);
        let sources = place::slots(survey, active, pins, zoned, &mut problem);
        problem.links = survey
            .wish
            .links
            .iter()
            .map(|tie| Link {
                from: tie.from,
                to: tie.to,
                limit: tie.limit.filter(|(item, _)| active.has(*item)).map(|(_, limit)| limit),
            })
            .collect();
        compiled.problems.push(problem);
        compiled.sources.push(sources);
    }
    Ok(compiled)
}

/// The components that are alternatives to others.
pub(super) fn contested(survey: &Survey<'_>, active: &Active) -> Mask {
    survey.wish.rules.iter().filter(|(item, _)| active.has(*item)).fold(0, |mask, (_, rule)| match rule {
        Rule::OneOf(members) => members.iter().fold(mask, |mask, number| mask | bit(*number)),
        _ => mask,
    })
}

/// Which components are not deployed, for each way to choose between
/// alternatives: one of each group, or none where one of them may be absent.
fn alternatives(survey: &Survey<'_>, active: &Active) -> Result<Vec<Mask>, PlanError> {
    let mut ways: BTreeSet<Mask> = BTreeSet::from([0]);
    let mut settled: Vec<(Mask, bool)> = Vec::new();
    for (item, rule) in &survey.wish.rules {
        let Rule::OneOf(members) = rule else { continue };
        if !active.has(*item) {
            continue;
        }
        let group = members.iter().fold(0, |mask, number| mask | bit(*number));
        let may_be_none =
            members.iter().any(|number| survey.wish.parts.get(*number).is_some_and(|part| part.lower == 0));
        settled.push((group, may_be_none));
        let choose = |off: Mask| {
            let one = bits(group & !off).map(move |chosen| off | (group & !bit(chosen)));
            one.chain(may_be_none.then_some(off | group))
        };
        ways = ways.into_iter().flat_map(choose).collect();
        // A later group may have emptied an earlier one that must not be empty.
        ways.retain(|off| settled.iter().all(|(group, may_be_none)| *may_be_none || group & !off != 0));
        if ways.len() > MOST_ALTERNATIVES {
            let pointer = survey.wish.items.get(*item).map(|item| item.pointer.clone()).unwrap_or_default();
            let text = format!("makes more than {MOST_ALTERNATIVES} combinations of alternatives; state fewer");
            return Err(PlanError::Invalid { pointer, text });
        }
    }
    Ok(ways.into_iter().collect())
}

/// Millionths of the objective's unit for a second of round-trip time.
fn latency_weight(survey: &Survey<'_>) -> i64 {
    let scaled = survey.wish.weights.latency.checked_mul(rust_decimal::Decimal::from(1_000_000_000));
    scaled.and_then(|weight| i64::try_from(weight.round()).ok()).unwrap_or(0)
}

/// Rules that hold within each machine.
fn machine_rules(survey: &Survey<'_>, active: &Active, off: Mask, problem: &mut Problem) {
    // That a machine is of a group is nothing that is in it.
    let everyone = survey.everyone() & !survey.wish.groups;
    for (item, rule) in &survey.wish.rules {
        if !active.has(*item) {
            continue;
        }
        match rule {
            Rule::Together(set) => problem.together.push(*set),
            Rule::Apart(set) => bits(*set).for_each(|number| conflict(problem, number, set & !bit(number))),
            Rule::Conflict(number, with) => conflict(problem, *number, *with),
            Rule::Alone(set) => bits(*set).for_each(|number| conflict(problem, number, everyone & !bit(number))),
            Rule::Spread { component, over: Scope::Machine, max } => per_machine(problem, *component, *max),
            Rule::Everywhere(component, except) if off & bit(*component) == 0 => {
                problem.everywhere.push((*component, *except));
            }
            Rule::Within(component, hosts) => problem.within.push((*component, *hosts)),
            _ => {}
        }
    }
    fixed_ports(survey, active, problem);
}

fn conflict(problem: &mut Problem, number: usize, with: Mask) {
    if let Some(component) = problem.components.get_mut(number) {
        component.conflicts |= with;
    }
    for other in bits(with) {
        if let Some(component) = problem.components.get_mut(other) {
            component.conflicts |= bit(number);
        }
    }
}

fn per_machine(problem: &mut Problem, number: usize, max: u32) {
    if let Some(component) = problem.components.get_mut(number) {
        component.per_machine = component.per_machine.min(max);
    }
}

/// Two instances that insist on one port number can't share a machine.
fn fixed_ports(survey: &Survey<'_>, active: &Active, problem: &mut Problem) {
    let ports: Vec<(usize, _)> = survey
        .wish
        .parts
        .iter()
        .enumerate()
        .flat_map(|(number, part)| {
            part.ports.iter().filter(|port| active.has(port.0)).map(move |port| (number, (port.1, port.2)))
        })
        .collect();
    for &(number, port) in &ports {
        per_machine(problem, number, 1);
        for &(other, taken) in &ports {
            if other > number && taken == port {
                conflict(problem, number, bit(other));
            }
        }
    }
}

/// The components for which it matters where they are.
fn zoned(survey: &Survey<'_>, active: &Active) -> Mask {
    let latency = latency_weight(survey) > 0;
    let linked = survey
        .wish
        .links
        .iter()
        .filter(|tie| latency || tie.limit.is_some_and(|(item, _)| active.has(item)))
        .fold(0, |mask, tie| mask | bit(tie.from) | bit(tie.to));
    survey.wish.rules.iter().filter(|(item, _)| active.has(*item)).fold(linked, |mask, (_, rule)| match rule {
        Rule::Spread { component, over: Scope::Site | Scope::Provider, .. } => mask | bit(*component),
        _ => mask,
    })
}

/// A component with nothing decided yet.
fn blank(demand: super::solver::problem::Amount) -> Component {
    Component { demand, lower: 0, upper: 0, per_machine: u32::MAX, conflicts: 0, zoned: false }
}

/// A bound on a component in a group of zones.
fn cap(component: usize, zones: Vec<usize>, max: u32) -> ZoneCap {
    ZoneCap { component, zones, max }
}
