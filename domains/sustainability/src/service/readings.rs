//! What meters and systems tell of what runs.

use super::{ServiceError, Sustainability};
use crate::{
    energy::hour_of,
    store::{self, Reading, ReadingKind},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{MachineId, WorkloadId};
use std::collections::BTreeSet;

/// Something that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewReading {
    /// The power that a machine drew, such as `PowerConsumedWatts` of Redfish.
    Power {
        /// Which.
        machine: MachineId,
        /// When.
        at: DateTime<Utc>,
        /// In milliwatts.
        milliwatts: u32,
    },
    /// What was used of a machine's processors, since the reading before.
    Machine {
        /// Which.
        machine: MachineId,
        /// When.
        at: DateTime<Utc>,
        /// In thousandths of a processor.
        cpu_milli: u32,
    },
    /// What a workload used of processors, since the reading before.
    Workload {
        /// Which.
        workload: WorkloadId,
        /// When.
        at: DateTime<Utc>,
        /// In thousandths of a processor.
        cpu_milli: u32,
    },
}

/// What became of readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Those that are kept.
    pub kept: usize,
    /// Those of what nobody has told of, or of hours that are counted already.
    pub left_out: usize,
}

impl Sustainability {
    /// Takes readings, whatever their order and however often they come. They count
    /// when their hour does, about a minute after its end; later ones are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn readings_take(&self, readings: Vec<NewReading>) -> Result<Taken, ServiceError> {
        let now = self.clock.now();
        self.database
            .write_relaxed(move |connection| {
                let workloads: BTreeSet<String> = readings
                    .iter()
                    .filter_map(|reading| match reading {
                        NewReading::Workload { workload, .. } => Some(workload.to_string()),
                        NewReading::Power { .. } | NewReading::Machine { .. } => None,
                    })
                    .collect();
                let within = store::workloads_get(connection, &workloads.into_iter().collect::<Vec<_>>())?;
                let all: Vec<Reading> = readings
                    .iter()
                    .filter_map(|reading| match reading {
                        NewReading::Power { machine, at, milliwatts } => {
                            Some(kept(machine.to_string(), String::new(), ReadingKind::Power, *at, *milliwatts))
                        }
                        NewReading::Machine { machine, at, cpu_milli } => {
                            Some(kept(machine.to_string(), String::new(), ReadingKind::Processors, *at, *cpu_milli))
                        }
                        NewReading::Workload { workload, at, cpu_milli } => {
                            let (machine, thing) = (within.get(&workload.to_string())?.clone(), workload.to_string());
                            Some(kept(machine, thing, ReadingKind::Processors, *at, *cpu_milli))
                        }
                    })
                    .collect();
                let machines: BTreeSet<String> = all.iter().map(|reading| reading.machine.clone()).collect();
                let known = store::machines_get(connection, &machines.into_iter().collect::<Vec<_>>())?;
                let counts = |reading: &Reading| {
                    let open = known.get(&reading.machine).is_some_and(|machine| {
                        hour_of(reading.at.div_euclid(1_000)) >= machine.counted_to && machine.terms().is_some()
                    });
                    open && reading.at <= now.timestamp_millis()
                };
                let good: Vec<Reading> = all.into_iter().filter(counts).collect();
                store::readings_put(connection, &good)?;
                Ok(Taken { kept: good.len(), left_out: readings.len() - good.len() })
            })
            .await
    }
}

fn kept(machine: String, thing: String, kind: ReadingKind, at: DateTime<Utc>, value: u32) -> Reading {
    Reading { machine, thing, kind, at: at.timestamp_millis(), value: value.into() }
}
