//! From readings of a counter that only grows, such as bytes that were sent, to records.

use super::{Gap, GapReason, Metering, Source, Subject, UsageRecord};
use crate::{AccountingError, Interval};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// What a counter showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Its number: greater is later, and no other reading has it.
    pub sequence: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// What was counted since the counter began, in the meter's unit.
    pub value: u64,
}

/// Meters the readings of one counter, in any order, with any repetitions. What
/// was counted between two readings is spread evenly over the time between
/// them. A counter that shows less than before has begun anew at 0. Readings
/// of one second, or of a clock that has gone back, wait for the next one.
///
/// # Errors
/// When a record can't be made.
pub fn meter_readings(
    subject: &Arc<Subject>,
    readings: &[Reading],
    how: Metering,
) -> Result<(Vec<UsageRecord>, Vec<Gap>), AccountingError> {
    let mut ordered: BTreeMap<u64, &Reading> = BTreeMap::new();
    for reading in readings {
        let known = ordered.entry(reading.sequence).or_insert(reading);
        *known = (*known).min(reading);
    }
    let (mut records, mut gaps) = (Vec::new(), Vec::new());
    let mut before: Option<(i64, u64)> = None;
    // What was counted in no time, and belongs to the next stretch.
    let mut waiting = 0_u64;
    for reading in ordered.into_values() {
        let Some((last, value)) = before else {
            before = Some((reading.at.timestamp(), reading.value));
            continue;
        };
        let counted = if reading.value >= value { reading.value - value } else { reading.value };
        waiting =
            waiting.checked_add(counted).ok_or(AccountingError::TooLarge { what: "what a counter has counted" })?;
        let at = reading.at.timestamp().min(how.now.timestamp()).max(last);
        before = Some((at, reading.value));
        let Some(between) = Interval::of_seconds(last, at) else { continue };
        records.extend(UsageRecord::spread(subject, between, waiting, how.revision, Source::Measurement)?);
        waiting = 0;
        if between.seconds() > how.patience {
            let (resource, reason) = (subject.resource.clone(), GapReason::ReadingsMissing);
            gaps.push(Gap { resource, from: Some(between.from()), to: between.to(), reason });
        }
    }
    Ok((records, gaps))
}
