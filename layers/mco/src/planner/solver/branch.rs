//! Where to split a node: the decision whose two sides leave least of the
//! fractional solution.

use super::{
    master::Master,
    node::{Decision, Limits},
};

use std::collections::BTreeMap;

const WHOLE: f64 = 1e-6;

/// Two decisions of which one holds; the first is tried first.
pub(super) type Split = (Decision, Decision);

/// The split for this fractional solution. None where nothing is fractional
/// that can be split. `listed` says that no new columns can appear.
pub(super) fn split(
    master: &Master<'_>,
    limits: &Limits,
    columns: &[f64],
    counters: &[f64],
    listed: bool,
) -> Option<Split> {
    if master.problem.latency_matters()
        && let Some(split) = by_latency(master, limits, counters)
    {
        return Some(split);
    }
    by_counter(counters)
        .or_else(|| by_machines(columns))
        .or_else(|| if listed { by_group(master, columns) } else { None })
        .or_else(|| by_slot(master, columns))
        .or_else(|| if listed { by_column(columns) } else { None })
}

/// A link whose ends are too far apart, or farther than the bound counts.
fn by_latency(master: &Master<'_>, limits: &Limits, counters: &[f64]) -> Option<Split> {
    let problem = master.problem;
    let places: Vec<Vec<(usize, usize)>> = (0..problem.components.len())
        .map(|number| {
            (0..problem.zones)
                .filter_map(|zone| Some((zone, master.counter_at(number, zone)?)))
                .filter(|&(_, counter)| counters[counter] > WHOLE && master.counters[counter].zone.is_some())
                .collect()
        })
        .collect();
    let mut broken: Option<(f64, usize)> = None;
    let mut farther: Option<(i64, usize, u32)> = None;
    for (index, link) in problem.links.iter().enumerate() {
        let (lower, upper) = limits.links[index];
        let mut worst = 0;
        for &(near, one) in &places[link.from] {
            for &(far, other) in &places[link.to] {
                let time = problem.round_trip(near, far);
                worst = worst.max(time);
                if time > upper {
                    let flow = counters[one].min(counters[other]);
                    let open = [one, other].into_iter().filter(|&c| limits.counters[c].0 == 0);
                    let pick = open.max_by(|&a, &b| counters[a].total_cmp(&counters[b]).then(b.cmp(&a)));
                    if let Some(pick) = pick
                        && broken.is_none_or(|(most, _)| flow > most)
                    {
                        broken = Some((flow, pick));
                    }
                }
            }
        }
        let excess = problem.latency_cost(worst.min(upper)) - problem.latency_cost(lower);
        if excess > 0 && farther.is_none_or(|(most, ..)| excess > most) {
            farther = Some((excess, index, worst.min(upper)));
        }
    }
    if let Some((_, counter)) = broken {
        return Some((Decision::CounterLower(counter, 1), Decision::CounterUpper(counter, 0)));
    }
    farther.and_then(|(_, link, worst)| by_threshold(master, link, limits.links[link].0, worst))
}

/// Splits the round-trip times that a link can have in the middle.
fn by_threshold(master: &Master<'_>, link: usize, lower: u32, worst: u32) -> Option<Split> {
    let mut times: Vec<u32> =
        master.problem.latency.iter().copied().chain([0]).filter(|time| (lower..=worst).contains(time)).collect();
    times.sort_unstable();
    times.dedup();
    let middle = times.len().checked_sub(2)? / 2;
    Some((Decision::LinkUpper(link, times[middle]), Decision::LinkLower(link, times[middle + 1])))
}

/// How far from whole, 0 to 0.5.
fn fraction(value: f64) -> f64 {
    (value - value.round()).abs()
}

/// The first of those farthest from whole.
fn most_fractional(values: impl Iterator<Item = (usize, f64)>) -> Option<(usize, f64)> {
    let mut best: Option<(usize, f64)> = None;
    for (index, value) in values {
        if fraction(value) > WHOLE && best.is_none_or(|(_, other)| fraction(value) > fraction(other) + 1e-9) {
            best = Some((index, value));
        }
    }
    best
}

fn by_counter(counters: &[f64]) -> Option<Split> {
    let (counter, value) = most_fractional(counters.iter().copied().enumerate())?;
    let down = Decision::CounterUpper(counter, value.floor() as u32);
    let up = Decision::CounterLower(counter, value.ceil() as u32);
    Some(if value.fract() < 0.5 { (down, up) } else { (up, down) })
}

fn by_machines(columns: &[f64]) -> Option<Split> {
    let total: f64 = columns.iter().sum();
    (fraction(total) > WHOLE)
        .then(|| (Decision::Machines(total.ceil(), f64::INFINITY), Decision::Machines(0.0, total.floor())))
}

fn by_slot(master: &Master<'_>, columns: &[f64]) -> Option<Split> {
    let mut sums = vec![0.0; master.problem.slots.len()];
    for (column, value) in master.columns.iter().zip(columns) {
        sums[column.filled.slot] += value;
    }
    let (slot, value) = most_fractional(sums.into_iter().enumerate())?;
    Some((Decision::Slot(slot, value.ceil(), f64::INFINITY), Decision::Slot(slot, 0.0, value.floor())))
}

/// How many machines hold two components together, or so many of one.
fn by_group(master: &Master<'_>, columns: &[f64]) -> Option<Split> {
    let count = master.problem.components.len();
    let mut sums: BTreeMap<[(usize, u32); 2], f64> = BTreeMap::new();
    for (column, value) in master.columns.iter().zip(columns).filter(|(_, value)| **value > WHOLE) {
        let counts = &column.filled.counts;
        for first in (0..count).filter(|&first| counts[first] > 0) {
            for least in 1..=counts[first] {
                *sums.entry([(first, least), (first, least)]).or_default() += value;
            }
            for second in (first + 1..count).filter(|&second| counts[second] > 0) {
                *sums.entry([(first, 1), (second, 1)]).or_default() += value;
            }
        }
    }
    let groups: Vec<_> = sums.into_iter().collect();
    let (index, value) = most_fractional(groups.iter().map(|(_, sum)| *sum).enumerate())?;
    let group = groups[index].0;
    Some((Decision::Group(group, value.ceil(), f64::INFINITY), Decision::Group(group, 0.0, value.floor())))
}

fn by_column(columns: &[f64]) -> Option<Split> {
    let (column, value) = most_fractional(columns.iter().copied().enumerate())?;
    Some((Decision::Column(column, value.ceil(), f64::INFINITY), Decision::Column(column, 0.0, value.floor())))
}

/// The next decisions of a dive: whole parts of columns stay, or, where that
/// changes nothing, the column nearest to a whole machine more.
pub(super) fn plunge(
    master: &Master<'_>,
    limits: &Limits,
    columns: &[f64],
    counters: &[f64],
    fixed: &[f64],
) -> Vec<Decision> {
    if master.problem.latency_matters()
        && let Some((first, _)) = by_latency(master, limits, counters)
    {
        return vec![first];
    }
    let whole: Vec<Decision> = columns
        .iter()
        .enumerate()
        .filter(|&(index, value)| (value + WHOLE).floor() > fixed.get(index).copied().unwrap_or(0.0))
        .map(|(index, value)| Decision::Column(index, (value + WHOLE).floor(), f64::INFINITY))
        .collect();
    if !whole.is_empty() {
        return whole;
    }
    let rest = |value: f64| value - (value + WHOLE).floor();
    let most = columns
        .iter()
        .enumerate()
        .filter(|(_, value)| rest(**value) > WHOLE)
        .max_by(|a, b| rest(*a.1).total_cmp(&rest(*b.1)).then(b.0.cmp(&a.0)));
    if let Some((index, value)) = most {
        return vec![Decision::Column(index, value.ceil(), f64::INFINITY)];
    }
    by_counter(counters).map(|(first, _)| vec![first]).unwrap_or_default()
}
