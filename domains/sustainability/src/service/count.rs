//! From courses and readings to cells.

use super::ServiceError;
use crate::{
    course::{Machine, PATIENCE, Readings},
    energy::{Coefficients, HOUR, hour_of},
    store::{self, Cells, Reading, ReadingKind},
};
use hansa_ontology::MachineId;
use hansa_repository::{Connection, text};
use std::{collections::BTreeMap, sync::Arc};

/// What these hours of a machine drew, as far as they lie before `until`. The hours ascend.
pub(super) fn count(
    connection: &mut Connection,
    (id, machine): (&str, &Machine),
    (hours, until): (&[i64], i64),
    coefficients: &Coefficients,
) -> Result<Cells, ServiceError> {
    let (Some(first), Some(last)) = (hours.first(), hours.last()) else { return Ok(Cells::new()) };
    let machine_id: MachineId = text::from_column("id of a machine", id)?;
    let patience = i64::try_from(PATIENCE).unwrap_or_default();
    let window = (first * 1_000 - patience, (last + HOUR) * 1_000 + patience);
    let readings = store::readings_get(connection, id, window)?;
    let mut cells = Cells::new();
    for hour in hours {
        let known = of_hour(&readings, *hour);
        for (subject, cell) in machine.hour(machine_id, (*hour, until), &known, coefficients) {
            *cells.entry((Arc::new(subject), *hour)).or_default() += cell;
        }
    }
    Ok(cells)
}

/// Samples of power around an hour, and the means of what was used within it.
fn of_hour(readings: &[Reading], hour: i64) -> Readings {
    let mut found = Readings::default();
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for Reading { thing, kind, at, value, .. } in readings {
        let value = value.unsigned_abs();
        match kind {
            ReadingKind::Power => found.power.push((*at, value)),
            ReadingKind::Processors if hour_of(at.div_euclid(1_000)) == hour => {
                let sum = sums.entry(thing).or_default();
                *sum = (sum.0.saturating_add(value), sum.1 + 1);
            }
            ReadingKind::Processors => {}
        }
    }
    for (thing, (sum, count)) in sums {
        let mean = sum / count.max(1);
        if thing.is_empty() {
            found.machine = Some(mean);
        } else {
            found.workloads.insert(thing.to_owned(), mean);
        }
    }
    found
}
