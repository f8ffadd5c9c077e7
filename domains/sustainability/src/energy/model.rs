//! Energy where there is no meter, by published coefficients.

use super::{Coefficients, HOUR};
use crate::quantity::{Energy, divided};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// On what something is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Storage {
    /// Solid-state disks.
    Solid,
    /// Hard disks.
    Hard,
}

/// What something reserved and did, over some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// How long, in seconds.
    pub seconds: u64,
    /// The processors' architecture, such as `Skylake`, where it is known.
    pub architecture: Option<String>,
    /// Thousandths of a virtual processor that were reserved.
    pub cpu_milli: u64,
    /// How much of them was used, in millionths. Where nobody measured it, half (as
    /// Cloud Carbon Footprint takes it).
    pub utilisation: Option<u64>,
    /// Bytes of memory that were reserved.
    pub memory: u64,
    /// Bytes that were stored, with all copies, and on what.
    pub stored: Vec<(Storage, u64)>,
    /// Bytes that went over a network.
    pub transferred: u64,
}

/// Taken where the utilisation isn't known, in millionths.
const UNKNOWN_UTILISATION: u64 = 500_000;

/// One part of a modelled energy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// `processors`, `memory`, `storage`, `network`.
    pub what: &'static str,
    /// How much.
    pub energy: Energy,
    /// How it was computed, with its numbers.
    pub how: String,
    /// Who published the coefficient.
    pub source: Arc<str>,
}

/// A modelled energy, before PUE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Modelled {
    /// What it is made of.
    pub parts: Vec<Part>,
}

impl Modelled {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Energy {
        self.parts.iter().map(|part| part.energy).sum()
    }
}

impl Coefficients {
    /// What an activity draws, before PUE. Parts that are nothing are left out.
    #[must_use]
    pub fn model(&self, activity: &Activity) -> Modelled {
        let mut parts = vec![self.processors(activity), self.memory(activity)];
        parts.extend(activity.stored.iter().map(|(on, bytes)| self.storage(*on, *bytes, activity.seconds)));
        let network = &self.network;
        let energy = divided(network.value.get().saturating_mul(i128::from(activity.transferred)), GB);
        parts.push(Part {
            what: "network",
            energy: Energy::of(energy),
            how: format!("{} bytes × {} for each GB", activity.transferred, network.value),
            source: network.source.clone(),
        });
        parts.retain(|part| part.energy != Energy::ZERO);
        Modelled { parts }
    }

    fn processors(&self, activity: &Activity) -> Part {
        let processor = self.processor(activity.architecture.as_deref());
        let used = activity.utilisation.unwrap_or(UNKNOWN_UTILISATION);
        let each = processor.value.microwatts(used);
        let power = i128::from(each) * i128::from(activity.cpu_milli);
        let sum = power.saturating_mul(i128::from(activity.seconds));
        let assumed = if activity.utilisation.is_some() { "" } else { ", which is assumed" };
        Part {
            what: "processors",
            energy: Energy::of(divided(sum, 1_000)),
            how: format!(
                "{} vCPU × {} W at {} % of their time{assumed} × {} h",
                thousandths(activity.cpu_milli),
                millionths(each),
                percent(used),
                hours(activity.seconds)
            ),
            source: processor.source.clone(),
        }
    }

    fn memory(&self, activity: &Activity) -> Part {
        part("memory", activity.memory, (GB, "GB"), &self.memory, activity.seconds)
    }

    fn storage(&self, on: Storage, bytes: u64, seconds: u64) -> Part {
        let coefficient = match on {
            Storage::Solid => &self.solid,
            Storage::Hard => &self.hard,
        };
        part("storage", bytes, (1_000 * GB, "TB"), coefficient, seconds)
    }
}

const GB: i128 = 1_000_000_000;

fn part(what: &'static str, bytes: u64, unit: (i128, &str), each: &super::Named<u64>, seconds: u64) -> Part {
    let sum = i128::from(bytes).saturating_mul(i128::from(seconds));
    Part {
        what,
        energy: Energy::of(divided(sum.saturating_mul(i128::from(each.value)), unit.0)),
        how: format!("{bytes} bytes × {} W for each {} × {} h", millionths(each.value), unit.1, hours(seconds)),
        source: each.source.clone(),
    }
}

fn thousandths(value: u64) -> String {
    decimal(value, 3)
}

fn millionths(value: u64) -> String {
    decimal(value, 6)
}

fn percent(millionths: u64) -> String {
    decimal(millionths, 4)
}

fn hours(seconds: u64) -> String {
    let hour = i128::from(HOUR);
    let all = divided(i128::from(seconds) * 10_000, hour);
    decimal(u64::try_from(all).unwrap_or(u64::MAX), 4)
}

fn decimal(value: u64, places: u32) -> String {
    rust_decimal::Decimal::from_i128_with_scale(i128::from(value), places).normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity() -> Activity {
        Activity {
            seconds: 3_600,
            architecture: None,
            cpu_milli: 2_000,
            utilisation: Some(500_000),
            memory: 8_000_000_000,
            stored: vec![(Storage::Solid, 100_000_000_000), (Storage::Hard, 2_000_000_000_000)],
            transferred: 3_000_000_000,
        }
    }

    #[test]
    fn every_part_is_told_with_its_numbers_and_source() {
        let modelled = Coefficients::default().model(&activity());
        let all: Vec<_> = modelled.parts.iter().map(|part| (part.what, part.energy.kwh().to_string())).collect();
        // 2 × 2.12 W; 8 × 0.392 W; 0.1 × 1.2 W; 2 × 0.65 W; 3 × 0.001 kWh.
        let kwh = [
            ("processors", "0.00424"),
            ("memory", "0.003136"),
            ("storage", "0.00012"),
            ("storage", "0.0013"),
            ("network", "0.003"),
        ];
        assert_eq!(all, kwh.map(|(what, kwh)| (what, kwh.to_owned())));
        assert_eq!(modelled.parts[0].how, "2 vCPU × 2.12 W at 50 % of their time × 1 h");
        assert_eq!(modelled.parts[1].how, "8000000000 bytes × 0.392 W for each GB × 1 h");
        assert_eq!(modelled.total().kwh().to_string(), "0.011796");
    }

    #[test]
    fn what_nobody_measured_is_told() {
        let unknown = Activity { utilisation: None, transferred: 0, stored: Vec::new(), ..activity() };
        let modelled = Coefficients::default().model(&unknown);
        assert!(modelled.parts[0].how.contains("which is assumed"), "{}", modelled.parts[0].how);
        assert_eq!(modelled.parts.len(), 2);
    }

    #[test]
    fn the_largest_that_can_be_does_not_break_it() {
        let most = Activity {
            seconds: u64::MAX,
            cpu_milli: u64::MAX,
            memory: u64::MAX,
            transferred: u64::MAX,
            stored: vec![(Storage::Hard, u64::MAX)],
            ..activity()
        };
        assert!(Coefficients::default().model(&most).total() > Energy::ZERO);
    }
}
