//! Amounts of what a node gives away.

use hansa_ontology::{
    offer::Flavour,
    quantity::{CpuMilli, Mebibytes},
};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt};

/// Amounts of resources: of a node, of a share, of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amounts {
    /// Thousandths of a processor.
    pub cpu_milli: u64,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Disk, MiB.
    pub disk_mib: u64,
    /// Graphics processors.
    pub gpus: u64,
}

impl From<&Flavour> for Amounts {
    fn from(flavour: &Flavour) -> Self {
        Self {
            cpu_milli: u64::from(flavour.cpu_milli),
            memory_mib: flavour.memory_mib,
            disk_mib: flavour.disk_mib,
            gpus: flavour.gpu.as_ref().map_or(0, |gpu| u64::from(gpu.count)),
        }
    }
}

impl Amounts {
    /// Nothing at all.
    pub const ZERO: Self = Self { cpu_milli: 0, memory_mib: 0, disk_mib: 0, gpus: 0 };

    /// Each resource with its name, how an amount of it is written, and this amount.
    pub(crate) fn each(self) -> [(Resource, u64); 4] {
        [
            (Resource::Cpu, self.cpu_milli),
            (Resource::Memory, self.memory_mib),
            (Resource::Disk, self.disk_mib),
            (Resource::Gpu, self.gpus),
        ]
    }

    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            cpu_milli: f(self.cpu_milli, other.cpu_milli),
            memory_mib: f(self.memory_mib, other.memory_mib),
            disk_mib: f(self.disk_mib, other.disk_mib),
            gpus: f(self.gpus, other.gpus),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    /// What is left when `other` is taken; never below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.zip(other, u64::saturating_sub)
    }

    /// Whether there is at least `other` of every resource.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.each().iter().zip(other.each()).all(|((_, have), (_, want))| *have >= want)
    }

    /// How many times `unit` fits. A unit of nothing fits any number of times.
    #[must_use]
    pub fn times(self, unit: Self) -> u64 {
        self.each()
            .iter()
            .zip(unit.each())
            .filter_map(|((_, have), (_, want))| have.checked_div(want))
            .min()
            .unwrap_or(u64::MAX)
    }

    /// How much of `capacity` this is, by the resource of which it is the most.
    pub(crate) fn dominant_share(self, capacity: Self) -> Share {
        self.each()
            .iter()
            .zip(capacity.each())
            .filter(|((_, part), (_, whole))| *part > 0 || *whole > 0)
            .map(|((_, part), (_, whole))| Share { part: *part, whole })
            .max()
            .unwrap_or(Share { part: 0, whole: 1 })
    }
}

impl fmt::Display for Amounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self
            .each()
            .into_iter()
            .filter(|(resource, amount)| *amount > 0 || !matches!(resource, Resource::Gpu))
            .map(|(resource, amount)| format!("{} {resource}", resource.written(amount)))
            .collect();
        f.write_str(&parts.join(", "))
    }
}

/// One kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Cpu,
    Memory,
    Disk,
    Gpu,
}

impl Resource {
    /// An amount of this resource as people write it.
    pub(crate) fn written(self, amount: u64) -> String {
        match self {
            Self::Cpu => CpuMilli(u32::try_from(amount).unwrap_or(u32::MAX)).to_string(),
            Self::Memory | Self::Disk => Mebibytes(amount).to_string(),
            Self::Gpu => amount.to_string(),
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Gpu => "GPU",
        })
    }
}

/// A part of a whole, compared exactly. A part of nothing is more than all of anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    part: u64,
    whole: u64,
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let across = |a: u64, b: u64| u128::from(a) * u128::from(b);
        match (self.whole, other.whole) {
            (0, 0) => Ordering::Equal,
            _ => across(self.part, other.whole).cmp(&across(other.part, self.whole)),
        }
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Share {}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(cpu_milli: u64, memory_mib: u64, disk_mib: u64) -> Amounts {
        Amounts { cpu_milli, memory_mib, disk_mib, gpus: 0 }
    }

    #[test]
    fn the_scarcest_resource_says_how_often_a_unit_fits() {
        let room = amounts(4_000, 1_024, 10_000);
        assert_eq!(room.times(amounts(1_000, 512, 1)), 2);
        assert_eq!(room.times(amounts(1_000, 0, 0)), 4);
        assert_eq!(room.times(amounts(4_001, 0, 0)), 0);
        assert_eq!(room.times(Amounts::ZERO), u64::MAX);
        assert_eq!(room.times(Amounts { gpus: 1, ..Amounts::ZERO }), 0);
    }

    #[test]
    fn the_dominant_share_is_compared_exactly() {
        let capacity = amounts(3_000, 3_000, 3_000);
        let third = amounts(1_000, 0, 0).dominant_share(capacity);
        assert_eq!(third, amounts(0, 10, 0).dominant_share(amounts(0, 30, 5)));
        assert!(third < amounts(1, 1_001, 0).dominant_share(capacity));
        assert!(Amounts::ZERO.dominant_share(capacity) < third);
        let of_nothing = amounts(1, 0, 0).dominant_share(amounts(0, 9, 9));
        assert!(of_nothing > capacity.dominant_share(capacity));
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        assert_eq!(amounts(1_500, 2_048, 512).to_string(), "1.5 CPU, 2Gi memory, 512Mi disk");
    }
}
