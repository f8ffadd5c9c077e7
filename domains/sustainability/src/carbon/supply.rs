//! Where the energy of a site comes from in an hour: its own generation, or the grid.

use crate::{
    energy::share_out,
    quantity::{Energy, MILLION},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The supply of a site in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Supply<K: Ord> {
    /// For each that used energy: all that was used for it, with its part of cooling
    /// and the rest of the building, and what of that was generated at the site.
    pub parts: BTreeMap<K, (Energy, Energy)>,
    /// What the site used.
    pub facility: Energy,
    /// What of that it generated itself.
    pub own: Energy,
    /// What it generated and did not use; it lowers nobody's carbon.
    pub surplus: Energy,
}

/// Puts the building on top of what machines used (PUE in millionths, ISO/IEC
/// 30134-2; below one it counts as one), and shares the site's own generation among
/// them by what they used in that hour. The parts add up exactly.
#[must_use]
pub fn supply<K: Ord + Clone>(used: &BTreeMap<K, Energy>, pue: u64, generated: Energy) -> Supply<K> {
    let all: Energy = used.values().copied().sum();
    let facility = all.millionths(pue.max(MILLION));
    let own = generated.max(Energy::ZERO).min(facility);
    let weights = || used.values().map(|energy| u64::try_from(energy.get()).unwrap_or(u64::MAX));
    let (wholes, _) = share_out(facility, weights(), 0);
    let (owns, _) = share_out(own, weights(), 0);
    let parts = used.keys().cloned().zip(wholes.into_iter().zip(owns)).collect();
    Supply { parts, facility, own, surplus: generated.max(Energy::ZERO) - own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_building_and_the_roof_are_shared_by_use() {
        let used = BTreeMap::from([("a", Energy::of(100)), ("b", Energy::of(300))]);
        let supply = supply(&used, 1_500_000, Energy::of(60));
        assert_eq!(supply.facility, Energy::of(600));
        assert_eq!(supply.parts["a"], (Energy::of(150), Energy::of(15)));
        assert_eq!(supply.parts["b"], (Energy::of(450), Energy::of(45)));
        assert_eq!(supply.surplus, Energy::ZERO);
    }

    #[test]
    fn what_is_not_used_lowers_nothing() {
        let used = BTreeMap::from([("a", Energy::of(7)), ("b", Energy::of(4))]);
        let supply = supply(&used, 1_100_000, Energy::of(1_000));
        let sum: Energy = supply.parts.values().map(|part| part.1).sum();
        assert_eq!((supply.own, sum, supply.surplus), (Energy::of(12), Energy::of(12), Energy::of(988)));
    }
}
