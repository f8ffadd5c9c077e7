//! The placement problem in numbers: what is left of a resource model and its
//! offers once names, places and laws have been decided. It knows no ontology.

use std::collections::BTreeMap;

/// Resources: thousandths of a processor, MiB of memory, MiB of disk, graphics processors.
pub(crate) const DIMENSIONS: usize = 4;
/// An amount of each resource.
pub(crate) type Amount = [u64; DIMENSIONS];
/// A set of components, by number.
pub(crate) type Mask = u128;
/// No round-trip time is known.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// A component: so many equal instances.
#[derive(Debug, Clone)]
pub(crate) struct Component {
    pub(crate) demand: Amount,
    /// At least and at most so many instances.
    pub(crate) lower: u32,
    pub(crate) upper: u32,
    /// At most so many in one machine.
    pub(crate) per_machine: u32,
    /// Shares no machine with these.
    pub(crate) conflicts: Mask,
    /// Whether it matters in which zone an instance is.
    pub(crate) zoned: bool,
}

/// Machines that can be rented alike, or one that is held.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// Where: a site and a provider, by number.
    pub(crate) zone: usize,
    /// In millionths of the objective's unit.
    pub(crate) cost: i64,
    /// In micro-units an hour.
    pub(crate) price: i64,
    /// In micrograms an hour.
    pub(crate) carbon: i64,
    pub(crate) capacity: Amount,
    /// Components that may be in it.
    pub(crate) eligible: Mask,
    pub(crate) units: u32,
    /// Set for a machine that is held.
    pub(crate) held: Option<Held>,
}

/// What a held machine holds.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// Instances that stay, for each component. All zero: the machine may be released.
    pub(crate) base: Vec<u32>,
}

impl Slot {
    /// How many instances of a component a machine that holds so many can't lose
    /// while the component is in it: those that stay, at least one.
    pub(crate) fn least(&self, number: usize, count: u32) -> u32 {
        let base = self.held.as_ref().and_then(|held| held.base.get(number)).copied().unwrap_or(0);
        base.max(count.min(1))
    }

    /// Whether the machine is in every plan.
    pub(crate) fn mandatory(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.base.iter().any(|&count| count > 0))
    }
}

/// A bound on a sum over instance counts.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    pub(crate) terms: Vec<(usize, i64)>,
    pub(crate) lower: Option<i64>,
    pub(crate) upper: Option<i64>,
}

/// At most `max` instances of a component in a group of zones.
#[derive(Debug, Clone)]
pub(crate) struct ZoneCap {
    pub(crate) component: usize,
    pub(crate) zones: Vec<usize>,
    pub(crate) max: u32,
}

/// Two components that call each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Microseconds.
    pub(crate) limit: Option<u32>,
}

/// A placement problem.
#[derive(Debug, Clone, Default)]
pub(crate) struct Problem {
    pub(crate) components: Vec<Component>,
    /// Sorted by objective, price, carbon and offer; held machines first.
    pub(crate) slots: Vec<Slot>,
    pub(crate) zones: usize,
    /// Round-trip times in microseconds between zones, row by row.
    pub(crate) latency: Vec<u32>,
    /// Sets of components of which a machine holds all or none.
    pub(crate) together: Vec<Mask>,
    /// Components that are in every machine, but for those that hold one of the set.
    pub(crate) everywhere: Vec<(usize, Mask)>,
    /// Components that are only where one of the set is.
    pub(crate) within: Vec<(usize, Mask)>,
    pub(crate) linear: Vec<Linear>,
    pub(crate) zone_caps: Vec<ZoneCap>,
    pub(crate) links: Vec<Link>,
    /// Millionths of the objective's unit for a second of worst round-trip time.
    pub(crate) latency_weight: i64,
    /// What an unknown round-trip time counts in the objective, microseconds.
    pub(crate) latency_default: u32,
    /// Bound on the sum of prices, micro-units.
    pub(crate) max_price: Option<i64>,
}

/// What a solution is judged by, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Criterion {
    Objective,
    Price,
    Carbon,
    Machines,
}

impl Criterion {
    /// All, in their order.
    pub(crate) const ALL: [Self; 4] = [Self::Objective, Self::Price, Self::Carbon, Self::Machines];

    /// What a machine of the slot adds.
    pub(crate) fn of(self, slot: &Slot) -> i64 {
        match self {
            Self::Objective => slot.cost,
            Self::Price => slot.price,
            Self::Carbon => slot.carbon,
            Self::Machines => 1,
        }
    }
}

/// A machine of a slot with what is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Filled {
    pub(crate) slot: usize,
    pub(crate) counts: Vec<u32>,
}

/// An answer: machines and what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Solution {
    pub(crate) machines: Vec<Filled>,
    /// Value of each criterion.
    pub(crate) value: [i64; 4],
}

impl Problem {
    /// Round-trip time between two zones in microseconds.
    pub(crate) fn round_trip(&self, a: usize, b: usize) -> u32 {
        self.latency[a * self.zones + b]
    }

    /// What a worst round-trip time adds to the objective.
    pub(crate) fn latency_cost(&self, micros: u32) -> i64 {
        let micros = if micros == UNKNOWN { self.latency_default } else { micros };
        i64::try_from(i128::from(self.latency_weight) * i128::from(micros) / 1_000_000).unwrap_or(i64::MAX)
    }

    /// Whether the order of zones matters for links.
    pub(crate) fn latency_matters(&self) -> bool {
        self.latency_weight > 0 || self.links.iter().any(|link| link.limit.is_some())
    }

    /// No plan has more machines: each holds an instance.
    pub(crate) fn machine_bound(&self) -> u64 {
        self.components.iter().map(|component| u64::from(component.upper)).sum::<u64>().max(1)
    }

    /// Whether a machine of the slot may hold these counts.
    pub(crate) fn allows(&self, slot: &Slot, counts: &[u32]) -> bool {
        let present = present(counts);
        let mut used = [0_u64; DIMENSIONS];
        for (component, &count) in self.components.iter().zip(counts) {
            if count > 0 {
                add(&mut used, &component.demand, count);
            }
            if count > component.per_machine {
                return false;
            }
        }
        let conflict = |number: usize| self.components[number].conflicts & present != 0;
        present != 0
            && present & !slot.eligible == 0
            && used.iter().zip(&slot.capacity).all(|(used, capacity)| used <= capacity)
            && !bits(present).any(conflict)
            && self.complete(present)
    }

    /// Whether the rules that ask for company hold for what is present.
    pub(crate) fn complete(&self, present: Mask) -> bool {
        self.together.iter().all(|&set| present & set == 0 || present & set == set)
            && self.everywhere.iter().all(|&(component, except)| present & (bit(component) | except) != 0)
            && self.within.iter().all(|&(component, hosts)| present & bit(component) == 0 || present & hosts != 0)
    }

    /// The worst round-trip time of each link, given where components are.
    /// None where the link has no two ends.
    pub(crate) fn worst(&self, link: &Link, zones: &[Vec<usize>]) -> Option<u32> {
        let mut worst = None;
        for &a in &zones[link.from] {
            for &b in &zones[link.to] {
                worst = worst.max(Some(self.round_trip(a, b)));
            }
        }
        worst
    }

    /// In which zones each component is.
    pub(crate) fn zones_of(&self, machines: &[Filled]) -> Vec<Vec<usize>> {
        let mut zones = vec![Vec::new(); self.components.len()];
        for machine in machines {
            for (number, &count) in machine.counts.iter().enumerate() {
                if count > 0 {
                    zones[number].push(self.slots[machine.slot].zone);
                }
            }
        }
        for zones in &mut zones {
            zones.sort_unstable();
            zones.dedup();
        }
        zones
    }

    /// The solution with its value, if every rule holds. Integers only.
    pub(crate) fn judge(&self, machines: Vec<Filled>) -> Option<Solution> {
        let mut totals = vec![0_i64; self.components.len()];
        let mut rented: BTreeMap<usize, u32> = BTreeMap::new();
        let mut value = [0_i64; 4];
        for machine in &machines {
            let slot = &self.slots[machine.slot];
            if !self.allows(slot, &machine.counts) {
                return None;
            }
            *rented.entry(machine.slot).or_default() += 1;
            for (total, &count) in totals.iter_mut().zip(&machine.counts) {
                *total += i64::from(count);
            }
            for (sum, criterion) in value.iter_mut().zip(Criterion::ALL) {
                *sum = sum.checked_add(criterion.of(slot))?;
            }
        }
        let zones = self.zones_of(&machines);
        value[0] = value[0].checked_add(self.links_cost(&zones)?)?;
        let counts_hold = totals
            .iter()
            .zip(&self.components)
            .all(|(total, component)| (i64::from(component.lower)..=i64::from(component.upper)).contains(total));
        let sums_hold = self.linear.iter().all(|row| {
            let sum: i64 = row.terms.iter().map(|&(number, factor)| factor * totals[number]).sum();
            row.lower.is_none_or(|lower| sum >= lower) && row.upper.is_none_or(|upper| sum <= upper)
        });
        let holds = counts_hold
            && sums_hold
            && rented.iter().all(|(&slot, &count)| count <= self.slots[slot].units)
            && self.max_price.is_none_or(|max| value[1] <= max)
            && self.zone_caps.iter().all(|cap| self.in_zones(cap, &machines) <= u64::from(cap.max))
            && self.held_stay(&machines);
        holds.then_some(Solution { machines, value })
    }

    /// What the links add to the objective; None where a limit is broken.
    fn links_cost(&self, zones: &[Vec<usize>]) -> Option<i64> {
        let mut cost = 0_i64;
        for link in &self.links {
            if let Some(worst) = self.worst(link, zones) {
                if link.limit.is_some_and(|limit| worst > limit) {
                    return None;
                }
                cost = cost.checked_add(self.latency_cost(worst))?;
            }
        }
        Some(cost)
    }

    fn in_zones(&self, cap: &ZoneCap, machines: &[Filled]) -> u64 {
        machines
            .iter()
            .filter(|machine| cap.zones.contains(&self.slots[machine.slot].zone))
            .map(|machine| u64::from(machine.counts[cap.component]))
            .sum()
    }

    fn held_stay(&self, machines: &[Filled]) -> bool {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.mandatory()).all(|(number, slot)| {
            machines.iter().filter(|machine| machine.slot == number).any(|machine| {
                slot.held
                    .as_ref()
                    .is_some_and(|held| held.base.iter().zip(&machine.counts).all(|(base, count)| count >= base))
            })
        })
    }
}

/// The set with one component.
pub(crate) fn bit(number: usize) -> Mask {
    1 << number
}

/// The components of a set, in order.
pub(crate) fn bits(mut mask: Mask) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (mask != 0).then(|| {
            let number = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            number
        })
    })
}

/// Which components are there at all.
pub(crate) fn present(counts: &[u32]) -> Mask {
    counts.iter().enumerate().filter(|(_, count)| **count > 0).fold(0, |mask, (number, _)| mask | bit(number))
}

/// Adds `count` times `demand`.
pub(crate) fn add(used: &mut Amount, demand: &Amount, count: u32) {
    for (used, demand) in used.iter_mut().zip(demand) {
        *used = used.saturating_add(demand.saturating_mul(u64::from(count)));
    }
}

/// How many instances of this demand fit into the room.
pub(crate) fn fits(room: &Amount, demand: &Amount) -> u32 {
    room.iter()
        .zip(demand)
        .filter(|(_, demand)| **demand > 0)
        .map(|(room, demand)| u32::try_from(room / demand).unwrap_or(u32::MAX))
        .min()
        .unwrap_or(u32::MAX)
}
