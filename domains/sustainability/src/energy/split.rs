//! A host's energy, split fairly among what shares it.
//!
//! What the host draws when nothing runs on it (idle) is owed for being there: it
//! goes by what is reserved. What it draws above that (dynamic) is owed for use: it
//! goes by what is used. What nobody reserved stays with the host, and is shown.

use crate::quantity::Energy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What something that shares a host reserved and used of it, in the same hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// What it reserved of the host, in the host's unit (thousandths of a processor × seconds).
    pub reserved: u64,
    /// What it used (processor time, in any one unit).
    pub used: u64,
}

/// What of a host's energy is owed by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Portion {
    /// For being there.
    pub idle: Energy,
    /// For what it used.
    pub dynamic: Energy,
}

impl Portion {
    /// Both.
    #[must_use]
    pub fn total(&self) -> Energy {
        self.idle + self.dynamic
    }
}

/// A host's energy by who owes it. The portions add up to the whole exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Split<K: Ord> {
    /// By who shares the host.
    pub portions: BTreeMap<K, Portion>,
    /// What nobody reserved, and what was used by nobody that is known.
    pub unallocated: Portion,
}

/// Splits the energy of one hour. `idle` is what the host draws in it when nothing
/// runs; what is above `whole` of it doesn't count. `room` is all that can be
/// reserved of the host; where more is reserved, there is no unallocated rest.
/// Of what remains after rounding down, one microjoule each goes to the first by
/// largest remainder, then by key: so the order of the claims doesn't matter.
#[must_use]
pub fn split<K: Ord + Clone>(whole: Energy, idle: Energy, room: u64, claims: &BTreeMap<K, Claim>) -> Split<K> {
    let idle = idle.min(whole).max(Energy::ZERO);
    let dynamic = whole - idle;
    let reserved: u128 = claims.values().map(|claim| u128::from(claim.reserved)).sum();
    let free = u128::from(room).saturating_sub(reserved);
    let (idle_parts, idle_rest) = share_out(idle, claims.values().map(|claim| claim.reserved), free);
    let used: u128 = claims.values().map(|claim| u128::from(claim.used)).sum();
    // What moves while nobody is seen to use it belongs to no one that is known.
    let (dynamic_parts, dynamic_rest) =
        share_out(dynamic, claims.values().map(|claim| claim.used), u128::from(used == 0));
    let parts = idle_parts.into_iter().zip(dynamic_parts);
    let portions = claims.keys().cloned().zip(parts.map(|(idle, dynamic)| Portion { idle, dynamic })).collect();
    Split { portions, unallocated: Portion { idle: idle_rest, dynamic: dynamic_rest } }
}

/// Parts of an energy by weight, and the part of `rest`, that add up to it.
pub(crate) fn share_out(energy: Energy, weights: impl Iterator<Item = u64>, rest: u128) -> (Vec<Energy>, Energy) {
    let mut weights: Vec<u128> = weights.map(u128::from).chain([rest]).collect();
    let whole = u128::try_from(energy.get()).unwrap_or_default();
    // Weights whose products would overflow lose their lowest bits, all alike.
    while whole.checked_mul(weights.iter().sum()).is_none() {
        weights.iter_mut().for_each(|weight| *weight >>= 1);
    }
    let sum: u128 = weights.iter().sum();
    if sum == 0 {
        return (vec![Energy::ZERO; weights.len() - 1], energy);
    }
    let mut parts: Vec<(u128, u128)> =
        weights.iter().map(|weight| (whole * weight / sum, whole * weight % sum)).collect();
    let given: u128 = parts.iter().map(|part| part.0).sum();
    let mut places: Vec<usize> = (0..parts.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(parts.get(*place).map(|part| part.1)));
    // Fewer than there are parts, since each lost less than one.
    let left = usize::try_from(whole.saturating_sub(given)).unwrap_or_default();
    for place in places.into_iter().take(left) {
        if let Some(part) = parts.get_mut(place) {
            part.0 += 1;
        }
    }
    let mut all: Vec<Energy> =
        parts.into_iter().map(|part| Energy::of(i128::try_from(part.0).unwrap_or(i128::MAX))).collect();
    let rest = all.pop().unwrap_or_default();
    (all, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claims(all: &[(&'static str, u64, u64)]) -> BTreeMap<&'static str, Claim> {
        all.iter().map(|(name, reserved, used)| (*name, Claim { reserved: *reserved, used: *used })).collect()
    }

    #[test]
    fn idle_goes_by_reservation_and_dynamic_by_use() {
        // 100 Wh idle, 60 Wh above it; eight processors, of which a has four and b two.
        let (whole, idle) = (Energy::of(160), Energy::of(100));
        let split = split(whole, idle, 8_000, &claims(&[("a", 4_000, 10), ("b", 2_000, 50)]));
        assert_eq!(split.portions["a"], Portion { idle: Energy::of(50), dynamic: Energy::of(10) });
        assert_eq!(split.portions["b"], Portion { idle: Energy::of(25), dynamic: Energy::of(50) });
        assert_eq!(split.unallocated, Portion { idle: Energy::of(25), dynamic: Energy::ZERO });
    }

    #[test]
    fn a_host_without_work_keeps_its_energy() {
        let split = split::<&str>(Energy::of(7), Energy::of(5), 100, &BTreeMap::new());
        assert_eq!(split.unallocated, Portion { idle: Energy::of(5), dynamic: Energy::of(2) });
    }

    #[test]
    fn more_reserved_than_there_is_leaves_no_rest() {
        let split = split(Energy::of(10), Energy::of(10), 4, &claims(&[("a", 3, 0), ("b", 3, 0)]));
        assert_eq!((split.portions["a"].idle, split.unallocated.idle), (Energy::of(5), Energy::ZERO));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(
            whole in 0_i128..10_i128.pow(20), idle in 0_i128..10_i128.pow(20), room in any::<u64>(),
            all in prop::collection::vec((any::<u64>(), any::<u64>()), 0..20)
        ) {
            let claims: BTreeMap<usize, Claim> = all.iter().enumerate()
                .map(|(number, (reserved, used))| (number, Claim { reserved: *reserved, used: *used })).collect();
            let split = split(Energy::of(whole), Energy::of(idle), room, &claims);
            let sum: Energy = split.portions.values().map(Portion::total).sum();
            prop_assert_eq!(sum + split.unallocated.total(), Energy::of(whole));
            prop_assert!(split.portions.values().all(|portion| portion.idle >= Energy::ZERO && portion.dynamic >= Energy::ZERO));
        }

        #[test]
        fn who_reserves_and_uses_more_owes_no_less(
            whole in 0_i128..10_i128.pow(15), idle in 0_i128..10_i128.pow(15), room in 0_u64..1_000_000,
            all in prop::collection::vec((0_u64..100_000, 0_u64..100_000), 2..10)
        ) {
            let claims: BTreeMap<usize, Claim> = all.iter().enumerate()
                .map(|(number, (reserved, used))| (number, Claim { reserved: *reserved, used: *used })).collect();
            let split = split(Energy::of(whole), Energy::of(idle), room, &claims);
            for (one, first) in &claims {
                for (other, second) in &claims {
                    if first.reserved >= second.reserved && first.used >= second.used {
                        let slack = split.portions[other].total() - split.portions[one].total();
                        prop_assert!(slack <= Energy::of(2), "but for a microjoule of rounding in each part");
                    }
                }
            }
        }
    }
}
