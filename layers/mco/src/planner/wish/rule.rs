//! Rules between components, in numbers.

use crate::planner::{
    PlanError,
    solver::problem::{Mask, bit},
};
use hansa_ontology::resource_model::{self as model, Scope};
use std::collections::BTreeMap;

/// A link in numbers.
#[derive(Debug, Clone, Copy)]
pub(in crate::planner) struct Tie {
    pub(in crate::planner) from: usize,
    pub(in crate::planner) to: usize,
    /// The item and the limit in microseconds.
    pub(in crate::planner) limit: Option<(usize, u32)>,
}

/// A rule in numbers.
#[derive(Debug, Clone)]
pub(in crate::planner) enum Rule {
    Together(Mask),
    /// No two of these share a machine.
    Apart(Mask),
    /// The first shares no machine with any of the others.
    Conflict(usize, Mask),
    Alone(Mask),
    Spread {
        component: usize,
        over: Scope,
        max: u32,
    },
    OneOf(Vec<usize>),
    Everywhere(usize, Mask),
    /// A machine that holds the first holds one of the others too.
    Within(usize, Mask),
    Count {
        of: Vec<usize>,
        min: Option<u32>,
        max: Option<u32>,
    },
    Ratio {
        consumer: usize,
        provider: usize,
        needs: u32,
        serves: u32,
        exact: bool,
    },
}

/// The number of a component.
pub(in crate::planner) fn known(
    name: &str,
    numbers: &BTreeMap<&str, usize>,
    pointer: &str,
) -> Result<usize, PlanError> {
    numbers.get(name).copied().ok_or_else(|| PlanError::Invalid {
        pointer: pointer.to_owned(),
        text: format!("names `{name}`, which is no component of this model"),
    })
}

/// The rule in numbers, and in words.
pub(in crate::planner) fn read(
    rule: &model::Rule,
    numbers: &BTreeMap<&str, usize>,
    pointer: &str,
) -> Result<(Rule, String), PlanError> {
    let one = |name: &String| known(name, numbers, pointer);
    let several = |names: &[String]| names.iter().map(one).collect::<Result<Vec<usize>, PlanError>>();
    let mask = |names: &[String]| {
        Ok::<Mask, PlanError>(several(names)?.into_iter().fold(0, |mask, number| mask | bit(number)))
    };
    Ok(match rule {
        model::Rule::Together(names) => {
            (Rule::Together(mask(names)?), format!("{} share their machines", words(names)))
        }
        model::Rule::Apart(names) => (Rule::Apart(mask(names)?), format!("no two of {} share a machine", words(names))),
        model::Rule::Conflict(rule) => (
            Rule::Conflict(one(&rule.component)?, mask(&rule.with)? & !bit(one(&rule.component)?)),
            format!("`{}` shares no machine with {}", rule.component, words(&rule.with)),
        ),
        model::Rule::Alone(names) => {
            (Rule::Alone(mask(names)?), format!("machines of {} hold nothing else", words(names)))
        }
        model::Rule::Spread(rule) => (
            Rule::Spread { component: one(&rule.component)?, over: rule.over, max: positive(rule.max, pointer)? },
            format!("at most {} of `{}` in one {}", rule.max, rule.component, place(rule.over)),
        ),
        model::Rule::OneOf(names) => {
            (Rule::OneOf(several(names)?), format!("only one of {} is deployed", words(names)))
        }
        model::Rule::Everywhere(rule) => (
            Rule::Everywhere(one(&rule.component)?, mask(&rule.except)?),
            format!("`{}` is in every machine{}", rule.component, except(&rule.except)),
        ),
        model::Rule::Count(rule) => (
            Rule::Count { of: several(&rule.of)?, min: rule.min, max: rule.max },
            format!("{} have {} in all", words(&rule.of), bounds(rule.min, rule.max)),
        ),
        model::Rule::Ratio(rule) => (
            Rule::Ratio {
                consumer: one(&rule.consumer)?,
                provider: one(&rule.provider)?,
                needs: positive(rule.needs, pointer)?,
                serves: positive(rule.serves, pointer)?,
                exact: rule.exact,
            },
            ratio(rule),
        ),
    })
}

fn positive(value: u32, pointer: &str) -> Result<u32, PlanError> {
    if value == 0 {
        return Err(PlanError::Invalid {
            pointer: pointer.to_owned(),
            text: "has a 0 where at least 1 is needed".to_owned(),
        });
    }
    Ok(value)
}

fn words(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn place(scope: Scope) -> &'static str {
    match scope {
        Scope::Machine => "machine",
        Scope::Site => "site",
        Scope::Provider => "provider",
    }
}

fn except(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" but those with {}", words(names)) }
}

fn bounds(min: Option<u32>, max: Option<u32>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!("exactly {min} instances"),
        (Some(min), Some(max)) => format!("{min} to {max} instances"),
        (Some(min), None) => format!("at least {min} instances"),
        (None, Some(max)) => format!("at most {max} instances"),
        (None, None) => "any number of instances".to_owned(),
    }
}

fn ratio(rule: &model::RatioRule) -> String {
    let exactly = if rule.exact { "exactly as many as needed" } else { "at least" };
    format!(
        "each `{}` needs {} of `{}`, each of which serves {} ({exactly})",
        rule.consumer, rule.needs, rule.provider, rule.serves
    )
}
