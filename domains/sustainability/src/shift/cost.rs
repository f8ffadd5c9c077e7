//! What a placement emits and costs.

use super::{Job, Placement, Site};
use crate::{
    energy::HOUR,
    quantity::{Carbon, Energy, divided},
};
use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};

/// What is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Objective {
    /// Carbon; of equals the cheaper.
    Carbon,
    /// Price; of equals what emits less.
    Price,
    /// Price, with carbon at an internal price: micro-units for each kilogram.
    Weighted(u64),
}

/// What something emits and costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Cost {
    /// Energy with the building.
    pub energy: Energy,
    /// Operational carbon, by the intensity of the site's outlook.
    pub carbon: Carbon,
    /// Price of the energy in micro-units.
    pub price: i64,
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let price = self.price.saturating_add(other.price);
        Self { energy: self.energy + other.energy, carbon: self.carbon + other.carbon, price }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What is compared: smaller is better. Sums of it order as the things they sum.
pub(super) type Key = (i128, i128);

impl Objective {
    pub(super) fn key(self, cost: &Cost) -> Key {
        let (carbon, price) = (cost.carbon.get(), i128::from(cost.price));
        match self {
            Self::Carbon => (carbon, price),
            Self::Price => (price, carbon),
            // Micrograms of a kilogram.
            Self::Weighted(micros) => (price * 1_000_000_000 + carbon * i128::from(micros), carbon),
        }
    }
}

/// What one job costs at one site.
pub(super) struct Pricing<'a> {
    pub(super) job: &'a Job,
    pub(super) home: &'a Site,
    pub(super) site: &'a Site,
    /// Energy for each GB (10^9 bytes) that is moved.
    pub(super) network: Energy,
}

impl Pricing<'_> {
    /// `seconds` of work in an hour. None where nothing is known of it.
    pub(super) fn work(&self, begin: i64, seconds: u64) -> Option<Cost> {
        at(self.site, begin, Energy::of_power(self.job.milliwatts, seconds * 1_000))
    }

    /// Going on after a pause.
    pub(super) fn restart(&self, begin: i64) -> Option<Cost> {
        match self.job.interruption {
            Some(how) => at(self.site, begin, how.restart),
            None => Some(Cost::default()),
        }
    }

    /// Beginning: what goes along is moved in that hour, half of it by either side.
    pub(super) fn begin(&self, begin: i64) -> Option<Cost> {
        if self.job.ran_until.is_some_and(|until| begin > until) {
            return self.restart(begin);
        }
        if self.site.id == self.home.id {
            return Some(Cost::default());
        }
        let energy = divided(self.network.get().saturating_mul(i128::from(self.job.moved_bytes)), 2_000_000_000);
        Some(at(self.home, begin, Energy::of(energy))? + at(self.site, begin, Energy::of(energy))?)
    }

    /// All of a placement. None where nothing is known of one of its hours.
    pub(super) fn all(&self, placement: &Placement) -> Option<Cost> {
        let mut sum = self.begin(*placement.hours.first()?)?;
        let mut before: Option<i64> = None;
        let work = usize::try_from(self.job.work()).unwrap_or(usize::MAX);
        for (number, begin) in placement.hours.iter().enumerate() {
            if before.is_some_and(|before| begin - before > HOUR) {
                sum += self.restart(*begin)?;
            }
            let seconds = if number + 1 == work { self.job.last() } else { HOUR.unsigned_abs() };
            sum += self.work(*begin, seconds)?;
            before = Some(*begin);
        }
        Some(sum)
    }
}

fn at(site: &Site, begin: i64, energy: Energy) -> Option<Cost> {
    let hour = site.outlook.at(begin)?;
    let energy = energy.millionths(site.pue);
    Some(Cost { energy, carbon: energy.at(hour.intensity), price: energy.priced(hour.price) })
}
