//! What running workloads use of processors and what hosts draw, handed over to sustainability.

use crate::http::Broker;
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_pim::{Machine, NodeShare};
use hansa_repository::system::{Host, SystemReport};
use hansa_sustainability::service::NewReading;
use hansa_wdm::{CpuUsage, Measurement};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How often each is measured.
const ROUND: Duration = Duration::from_secs(60);

/// What a workload had used in all when it was last looked at, in microseconds.
type Known = BTreeMap<WorkloadId, (DateTime<Utc>, u64)>;

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    let mut known = Known::new();
    loop {
        tokio::select! {
            () = measure(&broker, &mut known) => {}
            () = broker.shutdown.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = broker.shutdown.cancelled() => return,
        }
    }
}

async fn measure(broker: &Broker, known: &mut Known) {
    let applications: BTreeSet<ApplicationId> = match broker.wdm.workload_list(None).await {
        Ok(all) => all.iter().map(|workload| workload.application).collect(),
        Err(error) => return tracing::warn!(%error, "what workloads use can't be measured now"),
    };
    let (mut readings, mut now) = (Vec::new(), Known::new());
    for application in applications {
        match broker.wdm.measure(application, &BTreeMap::new()).await {
            Ok(all) => readings.extend(all.iter().filter_map(|one| reading(one, known, &mut now))),
            Err(error) => tracing::warn!(%application, %error, "what workloads use can't be measured now"),
        }
    }
    *known = now;
    if readings.is_empty() {
        return;
    }
    if let Err(error) = broker.sustainability.readings_take(readings).await {
        tracing::warn!(%error, "what workloads use can't be written down now");
    }
}

/// What a workload uses, in thousandths of a processor. Of what tells a sum alone it is
/// known from the second time on; a sum that shrank is that of another run.
fn reading(measured: &Measurement, known: &Known, now: &mut Known) -> Option<NewReading> {
    let (workload, usage) = (measured.workload, measured.usage.as_ref().ok()?);
    let milli = match usage.cpu {
        CpuUsage::Rate { milli } => milli,
        CpuUsage::Total { micros } => {
            now.insert(workload, (usage.at, micros));
            let (before, used) = known.get(&workload)?;
            let elapsed = u64::try_from((usage.at - *before).num_microseconds()?).ok().filter(|time| *time > 0)?;
            micros.checked_sub(*used)?.saturating_mul(1_000) / elapsed
        }
    };
    let cpu_milli = u32::try_from(milli).unwrap_or(u32::MAX);
    Some(NewReading::Workload { workload, at: usage.at, cpu_milli })
}

/// What servers of a system draw now, where they tell, as readings of the machines on them.
pub(super) async fn power(broker: &Broker, system: &str, report: &SystemReport) {
    if report.hosts.iter().all(|host| host.power_watts.is_none()) {
        return;
    }
    let machines = match broker.pim.server_list(None).await {
        Ok(machines) => machines,
        Err(error) => return tracing::warn!(%error, "whose power it is can't be told now"),
    };
    let shares: Vec<&NodeShare> = machines.iter().filter_map(Machine::share).collect();
    let now = broker.clock.now();
    let readings: Vec<NewReading> = report.hosts.iter().flat_map(|host| drawn(system, host, &shares, now)).collect();
    if readings.is_empty() {
        return;
    }
    if let Err(error) = broker.sustainability.readings_take(readings).await {
        tracing::warn!(%error, "what hosts draw can't be written down now");
    }
}

/// A host's power as readings of the machines on it.
fn drawn(system: &str, host: &Host, shares: &[&NodeShare], at: DateTime<Utc>) -> Vec<NewReading> {
    let Some(watts) = host.power_watts.filter(|watts| watts.is_finite() && *watts >= 0.0) else { return Vec::new() };
    let here = |share: &&&NodeShare| {
        share.host.as_ref().is_some_and(|known| known.system == system && known.name == host.name)
    };
    let here: Vec<&&NodeShare> = shares.iter().filter(here).collect();
    let here: Vec<&NodeShare> = here.into_iter().copied().collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let milliwatts = (watts * 1_000.0).round() as u32;
    parts(milliwatts, host.capacity.cpu_milli, &here, at)
}

/// The power of a host with so many thousandths of processors, by those that each machine
/// on it has; what nobody has is nobody's.
pub(super) fn parts(milliwatts: u32, whole: u64, here: &[&NodeShare], at: DateTime<Utc>) -> Vec<NewReading> {
    let all = here.iter().map(|share| share.amounts.cpu_milli).sum::<u64>().max(whole).max(1);
    let part = |share: &&NodeShare| {
        let part = u128::from(milliwatts) * u128::from(share.amounts.cpu_milli) / u128::from(all);
        let milliwatts = u32::try_from(part).unwrap_or(u32::MAX);
        NewReading::Power { machine: share.machine, at, milliwatts }
    };
    here.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_wdm::Usage;

    fn told(cpu: CpuUsage, second: i64) -> Measurement {
        let at = DateTime::from_timestamp(second, 0).unwrap();
        let usage = Ok(Usage { cpu, memory_bytes: 0, network: None, at });
        Measurement { workload: WorkloadId(uuid::Uuid::from_u128(1)), usage, pages: BTreeMap::new() }
    }

    #[test]
    fn a_rate_is_what_was_used_since_the_last_time() {
        let mut known = Known::new();
        let mut milli = |cpu, second| {
            let mut now = Known::new();
            let reading = reading(&told(cpu, second), &known, &mut now);
            known = now;
            reading.map(|reading| match reading {
                NewReading::Workload { cpu_milli, .. } => cpu_milli,
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(milli(CpuUsage::Rate { milli: 250 }, 0), Some(250));
        assert_eq!(milli(CpuUsage::Total { micros: 9_000_000 }, 10), None, "the first time");
        assert_eq!(milli(CpuUsage::Total { micros: 24_000_000 }, 70), Some(250));
        assert_eq!(milli(CpuUsage::Total { micros: 24_000_000 }, 70), None, "no time has passed");
        assert_eq!(milli(CpuUsage::Total { micros: 1_000_000 }, 130), None, "another run");
        assert_eq!(milli(CpuUsage::Total { micros: 31_000_000 }, 190), Some(500));
    }

    #[test]
    fn a_host_s_power_goes_by_processors_and_what_nobody_has_is_nobody_s() {
        use hansa_repository::system::{HostState, Room};
        let share = |machine: u128, host: &str, cpu_milli| NodeShare {
            machine: hansa_ontology::MachineId(uuid::Uuid::from_u128(machine)),
            site: "urn:hansa:site:a".parse().unwrap(),
            node: host.to_owned(),
            address: [127, 0, 0, 1].into(),
            directory: "/".into(),
            amounts: hansa_pim::Amounts { cpu_milli, memory_mib: 0, disk_mib: 0, gpus: 0 },
            host: Some(hansa_pim::SystemHost { system: "hall".to_owned(), name: host.to_owned() }),
        };
        let host = |power_watts| Host {
            name: "one".to_owned(),
            address: None,
            state: HostState::Ready,
            capacity: Room { cpu_milli: 8_000, memory_mib: 0, disk_mib: 0, gpus: 0 },
            used_by_others: Room::default(),
            labels: BTreeMap::new(),
            power_watts,
            temperature_celsius: None,
            facts: BTreeMap::new(),
        };
        let (one, two, other) = (share(1, "one", 2_000), share(2, "one", 4_000), share(3, "two", 2_000));
        let told = |system: &str, watts| {
            let all = drawn(system, &host(watts), &[&one, &two, &other], DateTime::UNIX_EPOCH);
            let milliwatts = |reading: NewReading| match reading {
                NewReading::Power { machine, milliwatts, .. } => (machine.0.as_u128(), milliwatts),
                other => panic!("{other:?}"),
            };
            all.into_iter().map(milliwatts).collect::<Vec<_>>()
        };
        assert_eq!(told("hall", Some(200.0)), [(1, 50_000), (2, 100_000)]);
        assert_eq!(told("hall", None), []);
        assert_eq!(told("hall", Some(f64::NAN)), []);
        assert_eq!(told("other", Some(200.0)), []);
    }
}
