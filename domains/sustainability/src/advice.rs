//! What could be done better, whether it was, and when somebody must look.

use crate::{
    carbon::Footprint,
    quantity::{Carbon, Energy, Intensity},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is advised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Action {
    /// Run it at another site.
    Move {
        /// From which site.
        from: String,
        /// To which.
        to: String,
    },
    /// Run it on other hardware.
    Replace {
        /// From which offer or processor.
        from: String,
        /// To which.
        to: String,
    },
    /// Reserve less.
    Shrink {
        /// Thousandths of a processor that are reserved.
        from_milli: u64,
        /// As many as are enough.
        to_milli: u64,
    },
    /// Give a host back, or let it sleep: nothing runs there.
    Release {
        /// The host.
        host: String,
    },
}

/// One way in which something could be, with what it would emit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// What would be done.
    pub action: Action,
    /// Energy with the building over the same time.
    pub energy: Energy,
    /// Mean location-based intensity over the same time; its tenth and ninetieth percentile.
    pub intensity: (Intensity, Intensity, Intensity),
    /// Embodied share over the same time.
    pub embodied: Carbon,
    /// What doing it once emits: moving data, starting anew.
    pub once: Carbon,
}

/// A recommendation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recommendation {
    /// For what: an application, a site, a host.
    pub subject: String,
    /// What is advised.
    pub action: Action,
    /// What is expected to be saved over the time that was looked at, all costs counted.
    pub expected: Carbon,
    /// The least that is expected, if the new place is as dirty as in one of ten cases.
    pub least: Carbon,
    /// The most.
    pub most: Carbon,
}

/// Recommends what saves at least `worth`, the most saving first. `now` is what the
/// subject emitted in the time that is looked at, location-based; energy of which no
/// intensity is known counts nowhere, so that nothing is advised on its account.
#[must_use]
pub fn recommend(subject: &str, now: &Footprint, ways: &[Alternative], worth: Carbon) -> Vec<Recommendation> {
    let current = now.location + now.embodied;
    let saving = |way: &Alternative, intensity: Intensity| current - way.energy.at(intensity) - way.embodied - way.once;
    let recommended = |way: &Alternative| Recommendation {
        subject: subject.to_owned(),
        action: way.action.clone(),
        expected: saving(way, way.intensity.0),
        least: saving(way, way.intensity.2),
        most: saving(way, way.intensity.1),
    };
    let mut all: Vec<_> = ways.iter().map(recommended).filter(|one| one.expected >= worth.max(Carbon::of(1))).collect();
    all.sort_by(|one, other| other.expected.cmp(&one.expected).then_with(|| one.action.cmp(&other.action)));
    all
}

/// What a recommendation that was followed has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Achieved {
    /// What would have been emitted: as much energy for each second as before, at the
    /// intensity that the old place really had.
    pub without: Carbon,
    /// What was emitted, what was done once among it.
    pub with: Carbon,
}

impl Achieved {
    /// What was saved; negative where it was the wrong thing.
    #[must_use]
    pub fn saved(&self) -> Carbon {
        self.without - self.with
    }
}

/// Measures what was saved. `before` is a footprint over `before_seconds` before the
/// change, `after` one over `after_seconds` since; `old_intensity` is what the old place
/// really had since. None without a time before.
#[must_use]
pub fn achieved(
    (before, before_seconds): (&Footprint, u64),
    (after, after_seconds): (&Footprint, u64),
    old_intensity: Intensity,
    once: Carbon,
) -> Option<Achieved> {
    if before_seconds == 0 {
        return None;
    }
    let energy = (before.facility - before.own).share(after_seconds, before_seconds);
    let without = energy.at(old_intensity) + before.embodied.share(after_seconds, before_seconds);
    Some(Achieved { without, with: after.location + after.embodied + once })
}

/// What is compared with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Quantity {
    /// Energy with the building, in microjoules.
    Energy,
    /// Location-based and embodied carbon, in micrograms.
    Carbon,
    /// Location-based intensity of what was used, in milligrams for each kilowatt-hour.
    Intensity,
}

/// A threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// Its name; no two are alike.
    pub name: String,
    /// What is compared.
    pub quantity: Quantity,
    /// Above this it is raised.
    pub above: i64,
    /// At this or below it is over. At most `above`; less of it keeps it from flickering.
    pub over_at: i64,
}

/// An alert began or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// The threshold.
    pub threshold: String,
    /// Of what.
    pub subject: String,
    /// Begun, else ended.
    pub raised: bool,
    /// The value that did it.
    pub value: i64,
}

/// Which alerts are up: what is kept between two looks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Alerts(BTreeSet<(String, String)>);

impl Alerts {
    /// Compares a footprint with thresholds. Each is told once when it is passed, and
    /// once when it is over; looking again at the same changes nothing.
    pub fn look(&mut self, subject: &str, footprint: &Footprint, thresholds: &[Threshold]) -> Vec<Alert> {
        let mut told = Vec::new();
        for threshold in thresholds {
            let Some(value) = threshold.quantity.of(footprint) else { continue };
            let key = (threshold.name.clone(), subject.to_owned());
            let up = self.0.contains(&key);
            let raised = if up { value > threshold.over_at.min(threshold.above) } else { value > threshold.above };
            if raised == up {
                continue;
            }
            if raised {
                self.0.insert(key)
            } else {
                self.0.remove(&key)
            };
            let (subject, threshold) = (subject.to_owned(), threshold.name.clone());
            told.push(Alert { threshold, subject, raised, value });
        }
        told
    }
}

impl Quantity {
    fn of(self, footprint: &Footprint) -> Option<i64> {
        let value = match self {
            Self::Energy => footprint.facility.get(),
            Self::Carbon => (footprint.location + footprint.embodied).get(),
            Self::Intensity => return intensity(footprint).map(Intensity::get),
        };
        Some(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

/// The mean location-based intensity of what was used, as far as it is known.
#[must_use]
pub fn intensity(footprint: &Footprint) -> Option<Intensity> {
    let known = footprint.facility - footprint.location_unknown;
    let milligrams = footprint.location.get().checked_mul(3_600_000_000)?;
    (known > Energy::ZERO).then(|| Intensity::of(i64::try_from(milligrams / known.get()).unwrap_or(i64::MAX)))
}

/// One among others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared<K> {
    /// Which application, site or hardware.
    pub key: K,
    /// What it used and emitted.
    pub footprint: Footprint,
    /// How much it did, in the unit that all are compared by.
    pub units: u64,
    /// Location-based and embodied carbon for so many units. None where it did nothing, or
    /// something isn't known.
    pub each: Option<Carbon>,
}

/// What one used and emitted, and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// What it used and emitted.
    pub footprint: Footprint,
    /// How much it did, in the unit that all are compared by.
    pub units: u64,
    /// Whether something that it used or emitted isn't in the footprint.
    pub lacks: bool,
}

/// Compares applications, sites or hardware by what so many units of their work emit,
/// the least first. Of what nothing can be said comes last.
#[must_use]
pub fn compare<K: Ord + Clone>(all: &BTreeMap<K, Work>, each: u64) -> Vec<Compared<K>> {
    let one = |(key, work): (&K, &Work)| {
        let Work { footprint, units, lacks } = *work;
        let known = units > 0 && !lacks && footprint.location_unknown == Energy::ZERO;
        let each = known.then(|| (footprint.location + footprint.embodied).share(each, units));
        Compared { key: key.clone(), footprint, units, each }
    };
    let mut compared: Vec<_> = all.iter().map(one).collect();
    compared.sort_by(|one, other| {
        (one.each.is_none(), one.each, &one.key).cmp(&(other.each.is_none(), other.each, &other.key))
    });
    compared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kwh(all: i64) -> Energy {
        Energy::of_kwh(all.into()).unwrap()
    }

    fn grams(all: i64) -> Carbon {
        Carbon::of_grams(all.into()).unwrap()
    }

    fn per_kwh(all: i64) -> Intensity {
        Intensity::of(all * 1_000)
    }

    fn footprint(energy: i64, carbon: i64) -> Footprint {
        Footprint { facility: kwh(energy), location: grams(carbon), ..Footprint::default() }
    }

    fn way(to: &str, energy: i64, all: (i64, i64, i64), once: i64) -> Alternative {
        let action = Action::Move { from: "middle".to_owned(), to: to.to_owned() };
        let intensity = (per_kwh(all.0), per_kwh(all.1), per_kwh(all.2));
        Alternative { action, energy: kwh(energy), intensity, embodied: Carbon::ZERO, once: grams(once) }
    }

    #[test]
    fn the_best_is_advised_first_with_what_it_may_bring() {
        let ways = [
            way("south", 10, (300, 200, 450), 0),
            way("north", 10, (100, 50, 300), 500),
            way("far", 10, (390, 0, 500), 0),
        ];
        let all = recommend("shop", &footprint(10, 4_000), &ways, grams(200));
        let told: Vec<_> = all.iter().map(|one| (one.expected, one.least, one.most)).collect();
        assert_eq!(told, [(grams(2_500), grams(500), grams(3_000)), (grams(1_000), grams(-500), grams(2_000))]);
        assert_eq!(recommend("shop", &footprint(10, 1_000), &ways, Carbon::ZERO), []);
    }

    #[test]
    fn what_was_achieved_is_measured_against_what_would_have_been() {
        // A day of 24 kWh before; two days after, at a place with 100 g; the old one had 300.
        let before = footprint(24, 24 * 400);
        let after = footprint(50, 50 * 100);
        let told = achieved((&before, 86_400), (&after, 172_800), per_kwh(300), grams(400)).unwrap();
        assert_eq!((told.without, told.saved()), (grams(48 * 300), grams(48 * 300 - 5_000 - 400)));
        assert_eq!(achieved((&before, 0), (&after, 1), per_kwh(1), Carbon::ZERO), None);
    }

    #[test]
    fn a_threshold_is_told_once_and_ends_once() {
        let mut alerts = Alerts::default();
        let threshold =
            Threshold { name: "dirty".to_owned(), quantity: Quantity::Intensity, above: 400_000, over_at: 350_000 };
        let mut look = |carbon: i64| {
            let told = alerts.look("shop", &footprint(10, carbon), std::slice::from_ref(&threshold));
            told.first().map(|alert| (alert.raised, alert.value))
        };
        assert_eq!(
            [3_900, 4_100, 4_100, 3_900, 3_500, 3_500].map(&mut look),
            [None, Some((true, 410_000)), None, None, Some((false, 350_000)), None]
        );
        let unknown = Footprint { facility: kwh(1), location_unknown: kwh(1), ..Footprint::default() };
        assert_eq!(alerts.look("shop", &unknown, &[threshold]), [], "nothing is known");
    }

    #[test]
    fn comparisons_go_by_what_a_unit_emits() {
        let unknown = Footprint { location_unknown: kwh(1), ..footprint(1, 0) };
        let work = |footprint, units| Work { footprint, units, lacks: false };
        let all = BTreeMap::from([
            ("a", work(footprint(1, 900), 3)),
            ("b", work(footprint(9, 1_000), 10)),
            ("c", work(unknown, 5)),
            ("d", work(footprint(1, 1), 0)),
            ("e", Work { lacks: true, ..work(footprint(1, 1), 1) }),
        ]);
        let told: Vec<_> = compare(&all, 2).into_iter().map(|one| (one.key, one.each)).collect();
        assert_eq!(told, [("b", Some(grams(200))), ("a", Some(grams(600))), ("c", None), ("d", None), ("e", None)]);
    }
}
