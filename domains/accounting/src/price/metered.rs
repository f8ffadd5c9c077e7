//! A project's use of one month, cut at its days and put in order.

use super::{Account, BillingDay, BillingMonth, ChargeKind, rating::Line};
use crate::{
    AccountingError, Interval,
    usage::{Meter, Subject, Usage},
};
use chrono::{DateTime, Utc};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A quantity of one cell and one day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    pub(super) interval: Interval,
    pub(super) subject: u32,
    pub(super) day: u32,
    pub(super) quantity: u64,
}

impl Slice {
    pub(super) fn line(&self, kind: ChargeKind, reservation: Option<u32>, micros: i64) -> Line {
        Line { day: self.day, subject: self.subject, kind, reservation, micros }
    }

    /// Its quantity by the prices that held in its time.
    pub(super) fn at_prices(
        &self,
        prices: &BTreeMap<DateTime<Utc>, i64>,
        meter: &Meter,
    ) -> Result<Vec<(i64, u64)>, AccountingError> {
        let missing = || {
            let problem =
                format!("there is no price for {} yet; state one that begins then or before", self.interval.from());
            AccountingError::invalid(format!("spot prices of {meter}"), problem)
        };
        let before = prices.range(..=self.interval.from()).next_back().ok_or_else(missing)?;
        let later =
            prices.range(self.interval.from()..self.interval.to()).filter(|(from, _)| **from > self.interval.from());
        let begins: Vec<(i64, i64)> =
            std::iter::once(before).chain(later).map(|(from, micros)| (from.timestamp(), *micros)).collect();
        let ends = begins.iter().skip(1).map(|(from, _)| *from).chain([i64::MAX]);
        let part = |((from, micros), to): (&(i64, i64), i64)| {
            let part = Interval::of_seconds(*from, to)?;
            Some((*micros, self.interval.share(self.quantity, &part)))
        };
        Ok(begins.iter().zip(ends).filter_map(part).collect())
    }
}

/// The use of one project and one month.
#[derive(Debug, Default)]
pub(super) struct Metered {
    pub(super) subjects: Vec<Arc<Subject>>,
    /// In the order of time, then of subjects as they are sorted.
    pub(super) slices: Vec<Slice>,
    numbers: HashMap<Arc<Subject>, u32>,
}

impl Metered {
    pub(super) fn gather(
        account: &Account,
        month: &BillingMonth,
        days: &[BillingDay],
        usage: &Usage,
    ) -> Result<Self, AccountingError> {
        let whole = month.interval()?;
        let mut metered = Self::default();
        let mut last: Option<(Arc<Subject>, u32)> = None;
        for record in usage.counted() {
            if record.subject().project != account.project || record.interval().overlap(&whole).is_none() {
                continue;
            }
            let subject = match &last {
                Some((subject, number)) if Arc::ptr_eq(subject, record.subject()) => *number,
                _ => metered.number(record.subject()),
            };
            last = Some((Arc::clone(record.subject()), subject));
            let first = days.partition_point(|day| day.interval.end() <= record.interval().begin());
            for (day, on) in days.iter().enumerate().skip(first) {
                let Some(part) = record.within(&on.interval) else { break };
                let day = u32::try_from(day).unwrap_or(u32::MAX);
                let (interval, quantity) = (part.interval(), part.quantity());
                metered.slices.push(Slice { interval, subject, day, quantity });
            }
        }
        metered.sort();
        Ok(metered)
    }

    /// Numbers subjects as they are sorted, and orders the slices.
    fn sort(&mut self) {
        let mut order: Vec<u32> = (0..).take(self.subjects.len()).collect();
        let subjects = &self.subjects;
        order.sort_unstable_by_key(|number| subjects.get(*number as usize));
        let mut place_of = vec![0; order.len()];
        for (place, number) in (0..).zip(&order) {
            if let Some(known) = place_of.get_mut(*number as usize) {
                *known = place;
            }
        }
        self.subjects = order.iter().filter_map(|number| subjects.get(*number as usize).cloned()).collect();
        self.numbers = (0..).zip(&self.subjects).map(|(number, subject)| (Arc::clone(subject), number)).collect();
        for slice in &mut self.slices {
            slice.subject = place_of.get(slice.subject as usize).copied().unwrap_or_default();
        }
        self.slices.sort_unstable_by_key(|slice| (slice.interval, slice.subject));
    }

    fn number(&mut self, subject: &Arc<Subject>) -> u32 {
        if let Some(number) = self.numbers.get(subject) {
            return *number;
        }
        let number = u32::try_from(self.subjects.len()).unwrap_or(u32::MAX);
        self.subjects.push(Arc::clone(subject));
        self.numbers.insert(Arc::clone(subject), number);
        number
    }

    /// The number of a subject that may not have been used.
    pub(super) fn subject(&mut self, subject: Subject) -> u32 {
        self.number(&Arc::new(subject))
    }
}
