//! The rows that a programme begins with: what the model's rules say in numbers.

use super::{Counter, FAR, Master, unit};
use crate::planner::solver::pattern::sticky;
use crate::planner::solver::problem::{Criterion, Filled};
use std::collections::BTreeMap;

impl Master<'_> {
    pub(super) fn add_counters(&mut self, number: usize) {
        let component = &self.problem.components[number];
        let zones: Vec<Option<usize>> = if component.zoned {
            let usable = |zone: &usize| {
                self.problem.slots.iter().any(|slot| slot.zone == *zone && slot.eligible & (1 << number) != 0)
            };
            (0..self.problem.zones).filter(usable).map(Some).collect()
        } else {
            vec![None]
        };
        for zone in zones {
            let lower = if zone.is_none() { component.lower } else { 0 };
            let upper = zone.map_or(component.upper, |zone| self.zone_upper(number, zone));
            let variable = self.lp.add_column(0.0, f64::from(lower), f64::from(upper), Vec::new());
            let cover = self.lp.add_row(0.0, FAR, &[(variable, -1.0)]);
            let presence = sticky(self.problem, number).then(|| self.lp.add_row(-FAR, 0.0, &[(variable, -1.0)]));
            let counter = self.counters.len();
            self.counters.push(Counter { component: number, zone, lower, upper, variable, cover, presence });
            match zone {
                Some(zone) => self.places[number][zone] = Some(counter),
                None => self.places[number].fill(Some(counter)),
            }
        }
    }

    pub(super) fn zone_upper(&self, number: usize, zone: usize) -> u32 {
        self.problem
            .zone_caps
            .iter()
            .filter(|cap| cap.component == number && cap.zones.contains(&zone))
            .map(|cap| cap.max)
            .fold(self.problem.components[number].upper, u32::min)
    }

    /// The variables that together count a component.
    pub(super) fn count_terms(&self, number: usize, factor: f64) -> Vec<(usize, f64)> {
        let counters = self.counters.iter().filter(|counter| counter.component == number);
        counters.map(|counter| (counter.variable, factor)).collect()
    }

    pub(super) fn add_linear_rows(&mut self) {
        for (number, component) in self.problem.components.iter().enumerate() {
            if component.zoned {
                let terms = self.count_terms(number, 1.0);
                self.lp.add_row(f64::from(component.lower), f64::from(component.upper), &terms);
            }
        }
        for linear in &self.problem.linear {
            let mut terms: BTreeMap<usize, f64> = BTreeMap::new();
            for &(number, factor) in &linear.terms {
                for (variable, factor) in self.count_terms(number, factor as f64) {
                    *terms.entry(variable).or_default() += factor;
                }
            }
            let terms: Vec<_> = terms.into_iter().collect();
            let (lower, upper) = (linear.lower.map_or(-FAR, |v| v as f64), linear.upper.map_or(FAR, |v| v as f64));
            self.lp.add_row(lower, upper, &terms);
        }
    }

    pub(super) fn add_zone_rows(&mut self) {
        for cap in self.problem.zone_caps.iter().filter(|cap| cap.zones.len() > 1) {
            let places = &self.places[cap.component];
            let terms: Vec<(usize, f64)> =
                cap.zones.iter().filter_map(|&zone| Some((self.counters[places[zone]?].variable, 1.0))).collect();
            self.lp.add_row(-FAR, f64::from(cap.max), &terms);
        }
    }

    /// Bounds on the sums of prices and of earlier aims.
    pub(super) fn add_sum_rows(&mut self) {
        let limits: Vec<(Criterion, i64)> = self
            .problem
            .max_price
            .map(|max| (Criterion::Price, max))
            .into_iter()
            .chain(self.aim.limits.iter().copied())
            .collect();
        for (criterion, limit) in limits {
            let scale = unit(self.problem, criterion);
            // Values are whole; half a step of slack keeps rounding from cutting off the limit itself.
            let row = self.lp.add_row(-FAR, (limit as f64 + 0.5) / scale, &[]);
            self.sum_rows.push((row, criterion, scale));
        }
    }

    /// What is held stays: one machine of each such slot.
    pub(super) fn add_held(&mut self) {
        for number in 0..self.problem.slots.len() {
            let slot = &self.problem.slots[number];
            if let Some(held) = slot.held.clone() {
                let lower = if slot.mandatory() { 1.0 } else { 0.0 };
                let row = self.slot_row(number);
                self.lp.set_row_bounds(row, lower, 1.0);
                if self.problem.allows(&self.problem.slots[number], &held.base) {
                    self.add(Filled { slot: number, counts: held.base });
                }
            }
        }
    }
}
