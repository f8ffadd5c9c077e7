//! From readings of a meter to energy in hours.

use super::HOUR;
use crate::quantity::Energy;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const HOUR_MS: i64 = HOUR * 1_000;

/// What a meter of power showed, such as `PowerConsumedWatts` of Redfish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PowerSample {
    /// Its number: greater is later, and no other sample has it.
    pub sequence: u64,
    /// When, to the millisecond.
    pub at: DateTime<Utc>,
    /// Milliwatts.
    pub milliwatts: u64,
}

/// What a counter of energy showed, such as `energy_uj` of RAPL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CounterReading {
    /// Its number: greater is later, and no other reading has it.
    pub sequence: u64,
    /// When, to the millisecond.
    pub at: DateTime<Utc>,
    /// Which run of the host it is; another number after each start, where that is known.
    pub boot: u64,
    /// Microjoules.
    pub microjoules: u64,
}

/// How a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counter {
    /// The most it shows (`max_energy_range_uj`), after which it begins at 0. None: it has no end.
    pub range: Option<u64>,
    /// The most power that what it counts can draw, in milliwatts. By it a turn of
    /// the counter is told from a restart, and readings that lie so far apart that
    /// it may have turned more than once are found.
    pub most_milliwatts: u64,
}

/// Why some time is not, or not surely, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GapReason {
    /// No sample for longer than the patience: nothing was counted.
    Silence,
    /// The counter began anew. What it had counted since the reading before is lost.
    Restart,
    /// The counter may have turned more than once. The least possible was counted.
    Turns,
    /// More than can be drawn: not counted.
    Implausible,
    /// The clock went back; the reading was held at the time of the one before.
    ClockBack,
    /// The clock was ahead of now; the reading was left out.
    ClockAhead,
}

/// Time that is not, or not surely, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; for `clockBack` and `clockAhead` the time that the clock showed.
    pub to: DateTime<Utc>,
    /// Why.
    pub reason: GapReason,
}

/// What was metered in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// How much.
    pub energy: Energy,
    /// In how much of the hour, in milliseconds.
    pub covered: u64,
}

impl Cell {
    /// What was measured, and what a model says for the part of the hour without a
    /// measurement. The two are never mixed silently: they come apart.
    #[must_use]
    pub fn filled(&self, modelled_hour: Energy) -> (Energy, Energy) {
        let open = HOUR_MS.unsigned_abs().saturating_sub(self.covered);
        (self.energy, modelled_hour.share(open, HOUR_MS.unsigned_abs()))
    }
}

/// Energy in hours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metered {
    /// By the hour's begin, in seconds since 1970.
    pub cells: BTreeMap<i64, Cell>,
    /// What is not, or not surely, counted; in the order of time.
    pub gaps: Vec<Gap>,
}

impl Metered {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Energy {
        self.cells.values().map(|cell| cell.energy).sum()
    }

    /// Spreads energy evenly over time. The parts add up to the whole exactly.
    fn spread(&mut self, from: i64, to: i64, energy: Energy) {
        let length = i128::from(to - from).max(1);
        let until = |moment: i64| (energy.get() * i128::from(moment - from)).div_euclid(length);
        let mut begin = from;
        while begin < to {
            let hour = begin.div_euclid(HOUR_MS);
            let end = to.min((hour + 1) * HOUR_MS);
            let cell = self.cells.entry(hour * HOUR).or_default();
            cell.energy += Energy::of(until(end) - until(begin));
            cell.covered += end.abs_diff(begin);
            begin = end;
        }
    }

    /// Whether a reading is of a time that hasn't come; tells it.
    fn ahead(&mut self, at: i64, now: DateTime<Utc>) -> bool {
        let now = now.timestamp_millis();
        if at > now {
            self.gap(now, at, GapReason::ClockAhead);
        }
        at > now
    }

    fn gap(&mut self, from: i64, to: i64, reason: GapReason) {
        let at = |moment| DateTime::from_timestamp_millis(moment).unwrap_or_default();
        self.gaps.push(Gap { from: at(from), to: at(to), reason });
    }
}

/// One of each number, in the order of numbers; of two that differ the lesser.
fn ordered<R: Copy + Ord>(readings: &[R], number: impl Fn(&R) -> u64) -> impl Iterator<Item = R> {
    let mut all: BTreeMap<u64, R> = BTreeMap::new();
    for reading in readings {
        let known = all.entry(number(reading)).or_insert(*reading);
        *known = (*known).min(*reading);
    }
    all.into_values()
}

/// Energy of samples of power, in any order, with any repetitions. Between two
/// samples the mean of both is taken. Two that are further apart than `patience`
/// (milliseconds) leave a gap, in which nothing is counted. Samples after `now` are
/// those of a wrong clock, and left out.
#[must_use]
pub fn of_power(samples: &[PowerSample], patience: u64, now: DateTime<Utc>) -> Metered {
    let mut metered = Metered::default();
    let mut before: Option<(i64, u64)> = None;
    for sample in ordered(samples, |sample| sample.sequence) {
        let at = sample.at.timestamp_millis();
        if metered.ahead(at, now) {
            continue;
        }
        let Some((last, milliwatts)) = before else {
            before = Some((at, sample.milliwatts));
            continue;
        };
        if at < last {
            metered.gap(last, at, GapReason::ClockBack);
        }
        let at = at.max(last);
        before = Some((at, sample.milliwatts));
        let apart = at.abs_diff(last);
        if apart > patience {
            metered.gap(last, at, GapReason::Silence);
        } else if apart > 0 {
            let twice = (i128::from(milliwatts) + i128::from(sample.milliwatts)) * i128::from(apart);
            metered.spread(last, at, Energy::of(twice / 2));
        }
    }
    metered
}

/// Energy of readings of a counter, in any order, with any repetitions. What lies
/// between two readings is spread evenly over the time between them. A counter
/// that shows less has turned at its range, or has begun anew: by another `boot`,
/// without a range, or where a turn would take more power than there can be.
/// Readings after `now` are those of a wrong clock, and left out.
#[must_use]
pub fn of_counter(readings: &[CounterReading], counter: Counter, now: DateTime<Utc>) -> Metered {
    let mut metered = Metered::default();
    let mut before: Option<(i64, CounterReading)> = None;
    // What was counted in no time, and belongs to the next stretch.
    let mut waiting = Energy::ZERO;
    for reading in ordered(readings, |reading| reading.sequence) {
        let at = reading.at.timestamp_millis();
        if metered.ahead(at, now) {
            continue;
        }
        let Some((last, old)) = before else {
            before = Some((at, reading));
            continue;
        };
        if at < last {
            metered.gap(last, at, GapReason::ClockBack);
        }
        let at = at.max(last);
        before = Some((at, reading));
        // In no time nothing can be judged: what is counted waits.
        let most =
            if at == last { u128::MAX } else { most(counter, at.abs_diff(last)).saturating_add(positive(waiting)) };
        let (counted, doubt) = counted(&old, &reading, counter, most);
        if let Some(reason) = doubt {
            metered.gap(last, at, reason);
        }
        let Some(counted) = counted else { continue };
        waiting += counted;
        if at > last {
            metered.spread(last, at, waiting);
            waiting = Energy::ZERO;
        }
    }
    metered
}

fn most(counter: Counter, milliseconds: u64) -> u128 {
    u128::from(counter.most_milliwatts) * u128::from(milliseconds)
}

fn positive(energy: Energy) -> u128 {
    u128::try_from(energy.get()).unwrap_or_default()
}

/// What was counted between two readings, and what is doubtful of it.
fn counted(
    old: &CounterReading,
    new: &CounterReading,
    counter: Counter,
    most: u128,
) -> (Option<Energy>, Option<GapReason>) {
    let since_zero = Some(Energy::of(i128::from(new.microjoules)));
    if new.boot != old.boot {
        return (since_zero, Some(GapReason::Restart));
    }
    let range = counter.range.filter(|range| *range >= old.microjoules.max(new.microjoules));
    let grown = match (new.microjoules.checked_sub(old.microjoules), range) {
        (Some(grown), _) => u128::from(grown),
        // From the old value to the end, and the step to 0.
        (None, Some(range)) => u128::from(range - old.microjoules) + u128::from(new.microjoules) + 1,
        (None, None) => return (since_zero, Some(GapReason::Restart)),
    };
    if grown > most {
        // A turn that can't be is a restart; a growth that can't be is a fault of the counter.
        let turned = new.microjoules < old.microjoules && u128::from(new.microjoules) <= most;
        return if turned { (since_zero, Some(GapReason::Restart)) } else { (None, Some(GapReason::Implausible)) };
    }
    let again = range.is_some_and(|range| most < u128::MAX && grown + u128::from(range) < most);
    (i128::try_from(grown).ok().map(Energy::of), again.then_some(GapReason::Turns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Long after all readings.
    const LATER: DateTime<Utc> = DateTime::<Utc>::MAX_UTC;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(milliseconds).unwrap()
    }

    fn samples(all: &[(i64, u64)]) -> Vec<PowerSample> {
        let make = |(number, (when, milliwatts)): (usize, &(i64, u64))| PowerSample {
            sequence: number as u64,
            at: at(*when),
            milliwatts: *milliwatts,
        };
        all.iter().enumerate().map(make).collect()
    }

    fn readings(all: &[(i64, u64, u64)]) -> Vec<CounterReading> {
        let make = |(number, (when, boot, value)): (usize, &(i64, u64, u64))| CounterReading {
            sequence: number as u64,
            at: at(*when),
            boot: *boot,
            microjoules: *value,
        };
        all.iter().enumerate().map(make).collect()
    }

    /// As an Intel package shows it, which draws at most 200 W.
    const RAPL: Counter = Counter { range: Some(262_143_328_850), most_milliwatts: 200_000 };

    #[test]
    fn a_server_of_200_watts_uses_a_fifth_of_a_kilowatt_hour() {
        let all = samples(&(0..=60).map(|minute| (minute * 60_000, 200_000)).collect::<Vec<_>>());
        let metered = of_power(&all, 120_000, LATER);
        assert_eq!(metered.cells.len(), 1);
        assert_eq!(metered.total().kwh().to_string(), "0.2");
        assert_eq!((metered.cells[&0].covered, metered.gaps.len()), (3_600_000, 0));
    }

    #[test]
    fn silence_is_a_gap_and_is_filled_by_a_model_apart() {
        let all = samples(&[(0, 100_000), (600_000, 100_000), (3_600_000, 100_000)]);
        let metered = of_power(&all, 900_000, LATER);
        assert_eq!(metered.gaps, [Gap { from: at(600_000), to: at(3_600_000), reason: GapReason::Silence }]);
        let (measured, modelled) = metered.cells[&0].filled(Energy::of_power(60_000, 3_600_000));
        assert_eq!(measured, Energy::of_power(100_000, 600_000));
        assert_eq!(modelled, Energy::of_power(60_000, 3_000_000));
    }

    #[test]
    fn a_clock_that_goes_back_counts_nothing_twice() {
        // At 50 minutes the clock is set back by half an hour, and comes to 70.
        let all = samples(&[(0, 100_000), (3_000_000, 100_000), (1_200_000, 100_000), (4_200_000, 100_000)]);
        let metered = of_power(&all, 3_600_000, LATER);
        assert_eq!(metered.total(), Energy::of_power(100_000, 4_200_000));
        assert_eq!(metered.gaps, [Gap { from: at(3_000_000), to: at(1_200_000), reason: GapReason::ClockBack }]);
        let counter = readings(&[(0, 0, 0), (3_000_000, 0, 300), (1_200_000, 0, 400), (4_200_000, 0, 500)]);
        assert_eq!(of_counter(&counter, RAPL, LATER).total(), Energy::of(500), "what was counted meanwhile waits");
    }

    #[test]
    fn one_reading_of_a_clock_that_is_ahead_spoils_nothing() {
        let now = at(7_200_000);
        let year = 365 * 86_400_000;
        let metered = of_power(&samples(&[(0, 100_000), (year, 100_000), (3_600_000, 100_000)]), 3_600_000, now);
        assert_eq!(metered.total(), Energy::of_power(100_000, 3_600_000));
        assert_eq!(metered.gaps, [Gap { from: now, to: at(year), reason: GapReason::ClockAhead }]);
        let metered = of_counter(&readings(&[(0, 0, 5), (year, 0, 9), (3_600_000, 0, 12)]), RAPL, now);
        assert_eq!(metered.total(), Energy::of(7));
    }

    #[test]
    fn a_counter_turns_at_its_range() {
        let end = RAPL.range.unwrap();
        let metered = of_counter(&readings(&[(0, 0, end - 1_000_000_000), (60_000, 0, 1_999_999_999)]), RAPL, LATER);
        assert_eq!((metered.total(), metered.gaps.len()), (Energy::of(3_000_000_000), 0), "50 W for a minute");
    }

    #[test]
    fn a_counter_that_began_anew_is_told_from_one_that_turned() {
        // By the number of the run; and because a turn within a second would be 262 kW.
        for all in [[(0, 1, 9_000_000), (1_000, 2, 5_000_000)], [(0, 1, 9_000_000), (1_000, 1, 5_000_000)]] {
            let metered = of_counter(&readings(&all), RAPL, LATER);
            assert_eq!(metered.total(), Energy::of(5_000_000));
            assert_eq!(metered.gaps[0].reason, GapReason::Restart);
        }
        let unbounded = Counter { range: None, most_milliwatts: u64::MAX };
        assert_eq!(of_counter(&readings(&[(0, 0, 9), (9, 0, 4)]), unbounded, LATER).total(), Energy::of(4));
    }

    #[test]
    fn readings_too_far_apart_and_too_large_are_told() {
        let metered = of_counter(&readings(&[(0, 0, 5), (7_200_000, 0, 10)]), RAPL, LATER);
        assert_eq!((metered.total(), metered.gaps[0].reason), (Energy::of(5), GapReason::Turns));
        let metered = of_counter(&readings(&[(0, 0, 5), (1_000, 0, 900_000_000)]), RAPL, LATER);
        assert_eq!((metered.total(), metered.gaps[0].reason), (Energy::ZERO, GapReason::Implausible));
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(
            steps in prop::collection::vec((1_i64..4_000_000, 0_u64..400_000), 2..40), seed in any::<u64>()
        ) {
            let mut when = 0;
            let all: Vec<_> = steps.iter().map(|(step, power)| { when += step; (when, *power) }).collect();
            let all = samples(&all);
            let mut shuffled = all.clone();
            shuffled.extend_from_within(..all.len() / 2);
            shuffled.sort_by_key(|sample| sample.sequence.wrapping_mul(seed | 1).rotate_left(17));
            prop_assert_eq!(of_power(&all, 1_000_000, LATER), of_power(&shuffled, 1_000_000, LATER));
        }

        #[test]
        fn a_counter_gives_back_what_was_put_in(
            steps in prop::collection::vec((1_000_i64..1_000_000, 0_u64..200_000), 1..60), start in 0..262_143_328_850_u64
        ) {
            let (range, mut when, mut value, mut sum) = (RAPL.range.unwrap(), 0, start, 0);
            let mut all = vec![(0, 0, start)];
            for (step, power) in steps {
                let counted = power * step.unsigned_abs();
                (when, sum, value) = (when + step, sum + i128::from(counted), (value + counted) % (range + 1));
                all.push((when, 0, value));
            }
            let metered = of_counter(&readings(&all), RAPL, LATER);
            prop_assert_eq!(metered.total(), Energy::of(sum));
            prop_assert!(metered.gaps.is_empty());
        }
    }
}
