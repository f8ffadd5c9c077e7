//! A set of usage records that is the same whatever order they came in, and
//! however often: joining is commutative, associative and idempotent.
//!
//! The unit of replacement is the cell: one meter of one thing in one UTC
//! hour. The records of its greatest revision hold, all others are forgotten.
//! Of two records of one revision that begin at the same moment the surer one
//! holds, then the longer, then the larger.

use super::{Meter, Resource, Subject, UsageRecord};
use crate::{AccountingError, Interval};
use hansa_ontology::ProviderId;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// What is known to have been used, in the order of provider, thing, meter and time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    records: Vec<UsageRecord>,
}

/// Two records of one revision that claim the same seconds. The earlier one keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The record that loses time.
    pub record: UsageRecord,
    /// What it loses.
    pub lost: Interval,
}

/// Where a record stands in the order, from numbers that stand for its subject.
struct Keyed {
    slot: u32,
    subject: u32,
    record: UsageRecord,
}

impl Keyed {
    fn cell(&self) -> (u32, i64) {
        (self.slot, self.record.interval().cell())
    }

    /// By cell; the record that holds comes first.
    fn order(&self) -> impl Ord + use<> {
        let record = &self.record;
        let surer = Reverse((record.standing(), record.interval().end(), record.quantity()));
        let rest = (self.subject, record.source());
        (self.cell(), Reverse(record.revision()), record.interval().begin(), surer, rest)
    }
}

/// What a record is in the order by, before its time.
fn slot(subject: &Subject) -> (&ProviderId, &Resource, &Meter) {
    (&subject.provider, &subject.resource, &subject.meter)
}

/// The subjects of records, each once, with the number of its slot, in their
/// order; and for each record the number of its subject.
fn subjects(records: &[UsageRecord]) -> (Vec<(Arc<Subject>, u32)>, Vec<u32>) {
    let mut met: HashMap<&Arc<Subject>, u32> = HashMap::new();
    let mut numbers: Vec<u32> = Vec::with_capacity(records.len());
    for record in records {
        let next = u32::try_from(met.len()).unwrap_or(u32::MAX);
        numbers.push(*met.entry(record.subject()).or_insert(next));
    }
    let mut order: Vec<(&Arc<Subject>, u32)> = met.into_iter().collect();
    order.sort_unstable();
    let mut sorted: Vec<(Arc<Subject>, u32)> = Vec::with_capacity(order.len());
    let mut place_of = vec![0; order.len()];
    for (place, (subject, met_as)) in (0..).zip(order) {
        let slot = match sorted.last() {
            Some((last, slot)) if last.same_slot(subject) => *slot,
            Some((_, slot)) => slot + 1,
            None => 0,
        };
        sorted.push((Arc::clone(subject), slot));
        if let Some(known) = place_of.get_mut(met_as as usize) {
            *known = place;
        }
    }
    for number in &mut numbers {
        *number = place_of.get(*number as usize).copied().unwrap_or_default();
    }
    (sorted, numbers)
}

impl FromIterator<UsageRecord> for Usage {
    fn from_iter<I: IntoIterator<Item = UsageRecord>>(records: I) -> Self {
        let records: Vec<UsageRecord> = records.into_iter().collect();
        let (subjects, numbers) = subjects(&records);
        let mut keyed: Vec<Keyed> = records
            .into_iter()
            .zip(numbers)
            .filter_map(|(record, number)| {
                let (subject, slot) = subjects.get(number as usize)?;
                Some(Keyed { slot: *slot, subject: number, record: record.sharing(Arc::clone(subject)) })
            })
            .collect();
        keyed.sort_unstable_by_key(Keyed::order);
        let mut held: Option<((u32, i64), u64, i64)> = None;
        keyed.retain(|one| {
            let (revision, begin) = (one.record.revision(), one.record.interval().begin());
            let holds = match held {
                Some((cell, newest, last)) if cell == one.cell() => newest == revision && last != begin,
                _ => true,
            };
            if holds {
                held = Some((one.cell(), revision, begin));
            }
            holds
        });
        Self { records: keyed.into_iter().map(|one| one.record).collect() }
    }
}

impl Extend<UsageRecord> for Usage {
    fn extend<I: IntoIterator<Item = UsageRecord>>(&mut self, records: I) {
        *self = std::mem::take(&mut self.records).into_iter().chain(records).collect();
    }
}

impl Usage {
    /// What holds, with the records of which a later one has taken seconds.
    #[must_use]
    pub fn records(&self) -> &[UsageRecord] {
        &self.records
    }

    /// The records themselves, in their order.
    #[must_use]
    pub fn into_records(self) -> Vec<UsageRecord> {
        self.records
    }

    /// Both sets together.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.extend(other.records);
        self
    }

    /// The records of what a subject counts of the same thing, whoever pays, in the order of time.
    #[must_use]
    pub fn of(&self, subject: &Subject) -> &[UsageRecord] {
        let wanted = slot(subject);
        let from = self.records.partition_point(|record| slot(record.subject()) < wanted);
        let rest = self.records.get(from..).unwrap_or_default();
        let length = rest.partition_point(|record| slot(record.subject()) == wanted);
        rest.get(..length).unwrap_or_default()
    }

    /// What is to be paid: every second of a meter once at most, nothing that is zero.
    pub fn counted(&self) -> impl Iterator<Item = UsageRecord> {
        self.cut()
            .filter_map(|(record, lost)| match lost {
                None => Some(record.clone()),
                Some(lost) => {
                    let rest = Interval::of_seconds(lost.end(), record.interval().end())?;
                    record.within(&rest)
                }
            })
            .filter(|record| record.quantity() > 0)
    }

    /// Records that claim seconds which an earlier one has. No source of ours
    /// writes such; a partner's may, and they belong before its eyes.
    #[must_use]
    pub fn overlaps(&self) -> Vec<Overlap> {
        self.cut().filter_map(|(record, lost)| Some(Overlap { record: record.clone(), lost: lost? })).collect()
    }

    /// Each record, with the part of it that an earlier one has already.
    fn cut(&self) -> impl Iterator<Item = (&UsageRecord, Option<Interval>)> {
        let mut before: Option<(&UsageRecord, i64)> = None;
        self.records.iter().map(move |record| {
            let interval = record.interval();
            let taken_to = match before {
                Some((last, end)) if last.subject().same_slot(record.subject()) => end,
                _ => interval.begin(),
            };
            before = Some((record, taken_to.max(interval.end())));
            (record, Interval::of_seconds(interval.begin(), taken_to.min(interval.end())))
        })
    }

    /// The seconds of an expected stretch that no record of this meter covers.
    #[must_use]
    pub fn missing(&self, resource: &Resource, meter: &Meter, expected: Interval) -> Vec<Interval> {
        let mut missing = Vec::new();
        let mut from = expected.begin();
        let mine = |record: &&UsageRecord| record.subject().resource == *resource && record.subject().meter == *meter;
        for record in self.records.iter().filter(mine) {
            let Some(known) = record.interval().overlap(&expected) else { continue };
            missing.extend(Interval::of_seconds(from, known.begin()));
            from = from.max(known.end());
        }
        missing.extend(Interval::of_seconds(from, expected.end()));
        missing
    }

    /// Records of quantity 0 for every cell that an earlier run filled and this
    /// one leaves empty: so that what was told too much is taken back.
    ///
    /// # Errors
    /// Never for records that stand in a set; their cells are whole.
    pub fn retractions(&self, earlier: &Self, revision: u64) -> Result<Vec<UsageRecord>, AccountingError> {
        let cell = |record: &UsageRecord| {
            let Subject { provider, resource, meter, .. } = &**record.subject();
            (provider.clone(), resource.clone(), meter.clone(), record.interval().cell())
        };
        let filled: BTreeSet<_> = self.records.iter().map(cell).collect();
        let gone = |record: &&UsageRecord| record.revision() < revision && !filled.contains(&cell(record));
        let empty = |record: &UsageRecord| {
            let (subject, interval) = (Arc::clone(record.subject()), record.interval());
            UsageRecord::new(subject, interval, 0, revision, record.standing(), record.source())
        };
        earlier.records.iter().filter(gone).map(empty).collect()
    }

    /// The canonical bytes: a line of JSON for each record.
    ///
    /// # Errors
    /// When a record can't be written.
    pub fn bytes(&self) -> Result<Vec<u8>, AccountingError> {
        let mut bytes = Vec::with_capacity(self.records.len() * 256);
        for record in &self.records {
            serde_json::to_writer(&mut bytes, record).map_err(|error| AccountingError::writing("usage", error))?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }
}
