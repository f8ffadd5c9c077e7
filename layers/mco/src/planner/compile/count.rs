//! How many instances: replicas, and the rules that tie numbers together.

use super::{Pin, blank, contested};
use crate::planner::{
    solver::problem::{Linear, Mask, Problem, bit},
    survey::{Active, Survey},
    wish::Rule,
};

/// More instances than any plan has.
const MOST: u64 = 100_000;

/// A ratio that is in force.
struct Ratio {
    consumer: usize,
    provider: usize,
    needs: u64,
    serves: u64,
    exact: bool,
}

/// Sets the components with their bounds, and the sums. Answers false where
/// the numbers can't hold together.
pub(super) fn components(survey: &Survey<'_>, active: &Active, off: Mask, pins: &[Pin], problem: &mut Problem) -> bool {
    let parts = &survey.wish.parts;
    let mut lower = Vec::with_capacity(parts.len());
    let mut upper: Vec<Option<u64>> = Vec::with_capacity(parts.len());
    let contested = contested(survey, active);
    for (number, part) in parts.iter().enumerate() {
        let counts = |item: Option<usize>| item.is_some_and(|item| active.has(item));
        let least = if part.lower <= 1 || counts(part.lower_item) { part.lower } else { 1 };
        let most = part.upper.filter(|_| counts(part.upper_item));
        let deployed = off & bit(number) == 0;
        // An alternative that is taken is there.
        let least = least.max(u32::from(contested & bit(number) != 0));
        lower.push(if deployed { u64::from(least) } else { 0 });
        upper.push(if deployed { most.map(u64::from) } else { Some(0) });
    }
    let ratios = ratios(survey, active, off);
    raise(&mut lower, &ratios);
    let needed = needed(survey, active, &lower, &upper, &ratios);
    for (number, part) in parts.iter().enumerate() {
        let mut component = blank(part.demand);
        for (amount, item) in component.demand.iter_mut().zip(part.demand_items) {
            if item.is_some_and(|item| !active.has(item)) {
                *amount = 0;
            }
        }
        let least = lower.get(number).copied().unwrap_or(0);
        let pinned = pins.iter().filter(|pin| pin.component == number).count() as u64;
        let need = needed.get(number).copied().unwrap_or(0).max(pinned);
        let most = upper.get(number).copied().flatten().unwrap_or(need).min(MOST);
        if least > most {
            return false;
        }
        component.lower = u32::try_from(least).unwrap_or(u32::MAX);
        component.upper = u32::try_from(most).unwrap_or(u32::MAX);
        problem.components.push(component);
    }
    sums(survey, active, &ratios, problem);
    true
}

/// Ratios in force: a provider that is not deployed as an alternative binds no one.
fn ratios(survey: &Survey<'_>, active: &Active, off: Mask) -> Vec<Ratio> {
    let rules = survey.wish.rules.iter().filter(|(item, _)| active.has(*item));
    rules
        .filter_map(|(_, rule)| match *rule {
            Rule::Ratio { consumer, provider, needs, serves, exact } if off & bit(provider) == 0 => {
                Some(Ratio { consumer, provider, needs: u64::from(needs), serves: u64::from(serves), exact })
            }
            _ => None,
        })
        .collect()
}

/// Raises least numbers to what ratios ask of them.
fn raise(lower: &mut [u64], ratios: &[Ratio]) {
    for _ in 0..=lower.len() {
        for ratio in ratios {
            let consumers = lower.get(ratio.consumer).copied().unwrap_or(0);
            let providers = lower.get(ratio.provider).copied().unwrap_or(0);
            let needed = consumers.saturating_mul(ratio.needs).div_ceil(ratio.serves).min(MOST);
            if let Some(bound) = lower.get_mut(ratio.provider) {
                *bound = (*bound).max(needed);
            }
            // No more providers than needed: consumers × needs > (providers - 1) × serves.
            if ratio.exact && providers > 0 {
                let least = ((providers - 1).saturating_mul(ratio.serves) / ratio.needs + 1).min(MOST);
                if let Some(bound) = lower.get_mut(ratio.consumer) {
                    *bound = (*bound).max(least);
                }
            }
        }
    }
}

/// For a component without an upper bound: more than this no best plan has,
/// because nothing asks for more.
fn needed(survey: &Survey<'_>, active: &Active, lower: &[u64], upper: &[Option<u64>], ratios: &[Ratio]) -> Vec<u64> {
    let mut needed: Vec<u64> = lower.iter().zip(upper).map(|(lower, upper)| upper.unwrap_or(*lower)).collect();
    let open = |number: usize| upper.get(number).copied().flatten().is_none();
    for (item, rule) in &survey.wish.rules {
        if let (true, Rule::Count { of, min: Some(min), .. }) = (active.has(*item), rule) {
            for number in of.iter().filter(|number| open(**number)) {
                if let Some(need) = needed.get_mut(*number) {
                    *need = (*need).max(u64::from(*min));
                }
            }
        }
    }
    let mut in_company: Mask = 0;
    for (item, rule) in &survey.wish.rules {
        match rule {
            Rule::Together(set) if active.has(*item) => in_company |= set,
            Rule::Everywhere(component, except) if active.has(*item) => in_company |= bit(*component) | except,
            _ => {}
        }
    }
    for round in 0..=needed.len() {
        for ratio in ratios {
            let of = |number: usize| needed.get(number).copied().unwrap_or(0);
            let providers = of(ratio.consumer).saturating_mul(ratio.needs).div_ceil(ratio.serves);
            let consumers = of(ratio.provider).saturating_sub(1).saturating_mul(ratio.serves) / ratio.needs + 1;
            grow(&mut needed, ratio.provider, providers, open(ratio.provider));
            grow(&mut needed, ratio.consumer, consumers, ratio.exact && open(ratio.consumer));
        }
        if round == 0 {
            // One for each machine, of which there are no more than other instances.
            let others = needed.clone();
            for number in (0..needed.len()).filter(|number| in_company & bit(*number) != 0 && open(*number)) {
                let total: u64 = others.iter().sum();
                grow(&mut needed, number, total, true);
            }
        }
    }
    needed
}

fn grow(needed: &mut [u64], number: usize, to: u64, may: bool) {
    if let (true, Some(need)) = (may, needed.get_mut(number)) {
        *need = (*need).max(to).min(MOST);
    }
}

/// Counts and ratios as sums.
fn sums(survey: &Survey<'_>, active: &Active, ratios: &[Ratio], problem: &mut Problem) {
    for (item, rule) in &survey.wish.rules {
        if let (true, Rule::Count { of, min, max }) = (active.has(*item), rule) {
            let terms = of.iter().map(|number| (*number, 1)).collect();
            problem.linear.push(Linear { terms, lower: min.map(i64::from), upper: max.map(i64::from) });
        }
    }
    for ratio in ratios {
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let terms = vec![(ratio.provider, signed(ratio.serves)), (ratio.consumer, -signed(ratio.needs))];
        let upper = ratio.exact.then(|| signed(ratio.serves) - 1);
        problem.linear.push(Linear { terms, lower: Some(0), upper });
    }
}
