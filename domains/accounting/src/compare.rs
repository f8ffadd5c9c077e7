//! Our own measure against a partner's records: what differs, and the evidence.
//!
//! A difference is held against the tolerance meter by meter and thing by
//! thing, over the whole compared period; each hour that contributes is listed.

use crate::{
    AccountingError, Interval,
    usage::{Meter, Resource, Usage, UsageRecord},
};
use hansa_ontology::ProviderId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much may differ before it is disputed. The larger of both counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tolerance {
    /// Millionths of our own quantity.
    pub ppm: u32,
    /// In the meter's unit.
    pub quantity: u64,
}

/// One hour in which both measures differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HourDifference {
    /// Which hour.
    pub hour: Interval,
    /// What we measured.
    pub ours: u64,
    /// What the partner says.
    pub theirs: u64,
    /// SHA-256 of our records of that hour.
    pub our_records: Vec<String>,
    /// SHA-256 of the partner's records of that hour.
    pub their_records: Vec<String>,
}

/// What we and a partner say about one meter of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Who delivered.
    pub provider: ProviderId,
    /// What.
    pub resource: Resource,
    /// What of it was counted.
    pub meter: Meter,
    /// What we measured.
    pub ours: u64,
    /// What the partner says.
    pub theirs: u64,
    /// Whether it is beyond the tolerance: to be disputed, and to be paid only as far as agreed.
    pub disputed: bool,
    /// The hours that differ.
    pub hours: Vec<HourDifference>,
}

impl Difference {
    /// What is undisputed: the partner's quantity within the tolerance, the lesser one beyond it.
    #[must_use]
    pub fn agreed(&self) -> u64 {
        if self.disputed { self.ours.min(self.theirs) } else { self.theirs }
    }
}

type Slot = (ProviderId, Resource, Meter);
type Hours = BTreeMap<i64, (Vec<UsageRecord>, Vec<UsageRecord>)>;

/// Compares both within a period. What agrees to the unit is not listed.
///
/// # Errors
/// When a sum is too large.
pub fn compare(
    ours: &Usage,
    theirs: &Usage,
    period: &Interval,
    tolerance: Tolerance,
) -> Result<Vec<Difference>, AccountingError> {
    let mut slots: BTreeMap<Slot, Hours> = BTreeMap::new();
    for (usage, is_ours) in [(ours, true), (theirs, false)] {
        for record in usage.counted().filter_map(|record| record.within(period)) {
            let subject = record.subject();
            let slot = (subject.provider.clone(), subject.resource.clone(), subject.meter.clone());
            let hour = slots.entry(slot).or_default().entry(record.interval().cell()).or_default();
            if is_ours { hour.0.push(record) } else { hour.1.push(record) }
        }
    }
    let compared = slots.into_iter().map(|(slot, hours)| difference(slot, &hours, tolerance));
    compared.filter_map(Result::transpose).collect()
}

fn sum<'a>(records: impl IntoIterator<Item = &'a UsageRecord>) -> Result<u64, AccountingError> {
    let whole: u128 = records.into_iter().map(|record| u128::from(record.quantity())).sum();
    u64::try_from(whole).ok().ok_or(AccountingError::TooLarge { what: "the use of a period" })
}

fn difference(slot: Slot, hours: &Hours, tolerance: Tolerance) -> Result<Option<Difference>, AccountingError> {
    let (provider, resource, meter) = slot;
    let ours = sum(hours.values().flat_map(|(ours, _)| ours))?;
    let theirs = sum(hours.values().flat_map(|(_, theirs)| theirs))?;
    let mut differing = Vec::new();
    for (cell, (our_records, their_records)) in hours {
        let (ours, theirs) = (sum(our_records)?, sum(their_records)?);
        let hour = Interval::of_seconds(*cell, *cell + crate::RESOLUTION);
        if let Some(hour) = hour.filter(|_| ours != theirs) {
            let digests = |records: &[UsageRecord]| records.iter().map(UsageRecord::digest).collect();
            let (our_records, their_records) = (digests(our_records), digests(their_records));
            differing.push(HourDifference { hour, ours, theirs, our_records, their_records });
        }
    }
    let share = u128::from(ours) * u128::from(tolerance.ppm) / 1_000_000;
    let disputed = u128::from(ours.abs_diff(theirs)) > share.max(u128::from(tolerance.quantity));
    let found = Difference { provider, resource, meter, ours, theirs, disputed, hours: differing };
    Ok(Some(found).filter(|found| !found.hours.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        testing::{machine, meter, terms},
        usage::{Source, Standing},
    };
    use std::sync::Arc;

    fn usage(parts: &[(&str, i64, u64)]) -> Usage {
        let record = |(id, hour, quantity): &(&str, i64, u64)| {
            let subject = terms("wholesale").subject(&machine(id), &meter());
            let interval = Interval::of_seconds(hour * 3_600, hour * 3_600 + 3_600).unwrap();
            UsageRecord::new(Arc::new(subject), interval, *quantity, 1, Standing::Measured, Source::Partner).unwrap()
        };
        parts.iter().map(record).collect()
    }

    #[test]
    fn what_a_partner_reports_too_much_is_disputed_with_the_evidence() {
        let ours = usage(&[("a", 0, 3_600), ("a", 1, 3_600), ("b", 0, 3_600)]);
        let theirs = usage(&[("a", 0, 3_600), ("a", 1, 3_600), ("a", 2, 1_800), ("b", 0, 3_597), ("c", 0, 60)]);
        let period = Interval::of_seconds(0, 4 * 3_600).unwrap();
        let found = compare(&ours, &theirs, &period, Tolerance { ppm: 10_000, quantity: 30 }).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.resource.id.as_str(), one.ours, one.theirs, one.disputed, one.agreed()))
            .collect();
        assert_eq!(told, [("a", 7_200, 9_000, true, 7_200), ("b", 3_600, 3_597, false, 3_597), ("c", 0, 60, true, 0)]);
        assert_eq!(found[0].hours.len(), 1);
        let hour = &found[0].hours[0];
        assert_eq!((hour.hour.begin(), hour.ours, hour.theirs, hour.our_records.len()), (7_200, 0, 1_800, 0));
        assert_eq!(hour.their_records[0].len(), 64);
        assert_eq!(compare(&ours, &ours, &period, Tolerance { ppm: 0, quantity: 0 }), Ok(Vec::new()));
        let early = Interval::of_seconds(0, 7_200).unwrap();
        assert_eq!(compare(&ours, &theirs, &early, Tolerance { ppm: 0, quantity: 0 }).unwrap().len(), 2);
    }
}
