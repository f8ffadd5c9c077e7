//! A container engine as the smallest cluster: one host. Docker itself, and
//! Podman's socket. Looked at by a handful of calls; nothing is made.

use super::ClusterConnector;
use async_trait::async_trait;
use bollard::{
    models::{ContainerInspectResponse, ContainerSummary, SystemInfo},
    query_parameters::{InspectContainerOptions, ListContainersOptions},
};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use hansa_docker::{ANSWER, Engine};
use hansa_repository::system::{
    Connecting, Host, HostState, Room, SystemConnection, SystemError, SystemErrorKind, SystemReport,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

/// The label of what a broker has made, with the broker's id.
const BROKER: &str = "hansa-broker";
/// Of so many containers of others the limits are asked for; beyond, that is noted.
const ASKED: usize = 500;
/// So many are asked for side by side.
const SIDE_BY_SIDE: usize = 8;
const MIB: u64 = 1024 * 1024;

/// The connector of one engine.
#[derive(Debug)]
struct Docker {
    engine: Engine,
    broker: Arc<str>,
    /// The address under which containers are reached.
    address: IpAddr,
}

/// For [`super::KINDS`].
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn ClusterConnector> {
    Box::pin(async move {
        let engine = Engine::connect(&connection).await?;
        let unusable = |said: String, remedy: &str| {
            engine.troubles().error(SystemErrorKind::Invalid, "find out its machine's address", &said, remedy)
        };
        let address = match connection.setting("nodeAddress") {
            Some(text) => text.parse().map_err(|error| {
                unusable(format!("the setting nodeAddress is `{text}`: {error}"), "write an IP address")
            })?,
            None => (engine.address().of_the_machine().await)
                .map_err(|said| unusable(said, "set nodeAddress to the address of the engine's machine"))?,
        };
        let connector: Arc<dyn ClusterConnector> =
            Arc::new(Docker { engine, broker: Arc::clone(&connection.broker), address });
        Ok(connector)
    })
}

#[async_trait]
impl ClusterConnector for Docker {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let api = self.engine.api();
        let info = self.engine.ask("ask what it has", ANSWER, api.info()).await?;
        let version = self.engine.ask("ask for its version", ANSWER, api.version()).await?;
        let mut report = SystemReport::new(now, self.engine.software());
        report.capabilities = capabilities(&info);
        if let Some(version) = version.api_version {
            report.capabilities.insert(format!("api v{version}"));
        }
        report.notes = info.warnings.iter().flatten().filter(|text| !text.is_empty()).cloned().collect();
        let others = self.used_by_others(&mut report.notes).await?;
        report.hosts.push(self.host(&info, others));
        Ok(report)
    }
}

impl Docker {
    fn host(&self, info: &SystemInfo, used_by_others: Room) -> Host {
        let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
        let root = info.docker_root_dir.as_deref().filter(|_| self.engine.address().is_socket());
        Host {
            name: info.name.clone().unwrap_or_default(),
            address: Some(self.address),
            state: state(info),
            capacity: Room {
                cpu_milli: count(info.ncpu) * 1_000,
                memory_mib: count(info.mem_total) / MIB,
                disk_mib: root.and_then(disk_mib).unwrap_or(0),
                gpus: gpus(info),
            },
            used_by_others,
            labels: labels(info),
            power_watts: None,
            temperature_celsius: None,
            facts: facts(info),
        }
    }

    /// What running containers of others may use by their limits. One without
    /// a limit may use all; how many there are is noted.
    async fn used_by_others(&self, notes: &mut Vec<String>) -> Result<Room, SystemError> {
        let listing = || self.engine.api().list_containers(None::<ListContainersOptions>);
        let running = self.engine.ask_settled("list running containers", ANSWER, listing).await?;
        let foreign: Vec<String> =
            running.into_iter().filter(|one| !self.is_ours(one)).filter_map(|one| one.id).collect();
        let told: Vec<Result<Option<Room>, SystemError>> = stream::iter(foreign.clone().into_iter().take(ASKED))
            .map(|id| self.limits(id))
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await;
        let (mut used, mut unlimited) = (Room::default(), 0);
        for room in told {
            let Some(room) = room? else { continue };
            unlimited += u32::from(room.cpu_milli == 0 || room.memory_mib == 0);
            used.cpu_milli += room.cpu_milli;
            used.memory_mib += room.memory_mib;
        }
        if unlimited > 0 {
            notes.push(format!("{unlimited} containers of others have no limits: they may use more than is counted"));
        }
        if foreign.len() > ASKED {
            notes.push(format!("of {} containers of others the limits of {ASKED} are counted", foreign.len()));
        }
        Ok(used)
    }

    fn is_ours(&self, container: &ContainerSummary) -> bool {
        let label = container.labels.as_ref().and_then(|labels| labels.get(BROKER));
        label.is_some_and(|of| **of == *self.broker)
    }

    /// The limits of one container; none where it has gone meanwhile.
    async fn limits(&self, id: String) -> Result<Option<Room>, SystemError> {
        let call = || self.engine.api().inspect_container(&id, None::<InspectContainerOptions>);
        match self.engine.ask_settled(&format!("look at container {id}"), ANSWER, call).await {
            Ok(told) => Ok(Some(limits(&told))),
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Processor time is limited by a share of a processor, or by a quota of a period.
fn limits(told: &ContainerInspectResponse) -> Room {
    let config = told.host_config.clone().unwrap_or_default();
    let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    let period = number(config.cpu_period).max(1);
    let period = if period == 1 { 100_000 } else { period };
    let by_quota = number(config.cpu_quota) * 1_000 / period;
    let by_share = number(config.nano_cpus) / 1_000_000;
    Room {
        cpu_milli: if by_share > 0 { by_share } else { by_quota },
        memory_mib: number(config.memory) / MIB,
        ..Room::default()
    }
}

fn state(info: &SystemInfo) -> HostState {
    match info.os_type.as_deref() {
        None | Some("linux" | "") => HostState::Ready,
        Some(other) => HostState::Closed { reason: format!("it runs {other} containers, and workloads are for Linux") },
    }
}

fn capabilities(info: &SystemInfo) -> BTreeSet<String> {
    let all = [
        (true, "containers"),
        (true, "networks"),
        (true, "volumes"),
        (info.cpu_cfs_quota == Some(true), "cpu limits"),
        (info.memory_limit == Some(true), "memory limits"),
        (info.swap_limit == Some(true), "swap limits"),
        (info.pids_limit == Some(true), "pids limits"),
        (gpus(info) > 0 || info.runtimes.as_ref().is_some_and(|all| all.contains_key("nvidia")), "gpus"),
    ];
    all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name.to_owned()).collect()
}

/// Graphics processors that the engine knows of: devices by name (CDI), one
/// of which stands for all.
fn gpus(info: &SystemInfo) -> u64 {
    let devices = info.discovered_devices.iter().flatten().filter_map(|device| device.id.as_deref());
    let gpus = devices.filter_map(|id| id.split_once('=')).filter(|(kind, _)| kind.ends_with("/gpu"));
    let names: BTreeSet<&str> = gpus.map(|(_, name)| name).filter(|name| name.parse::<u32>().is_ok()).collect();
    names.len() as u64
}

/// The size of the file system that the engine keeps its data on, where that is this machine's.
fn disk_mib(root: &str) -> Option<u64> {
    let told = nix::sys::statvfs::statvfs(root).ok()?;
    Some(told.blocks() * told.fragment_size() / MIB)
}

/// Labels of the engine: `key=value`, or a key alone.
fn labels(info: &SystemInfo) -> BTreeMap<String, String> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (key.to_owned(), value.to_owned())
    };
    info.labels.iter().flatten().map(pair).collect()
}

fn facts(info: &SystemInfo) -> BTreeMap<String, String> {
    let runtimes = info.runtimes.as_ref().map(|all| all.keys().cloned().collect::<BTreeSet<_>>());
    let all = [
        ("operating system", info.operating_system.clone()),
        ("kernel", info.kernel_version.clone()),
        ("architecture", info.architecture.clone()),
        ("storage driver", info.driver.clone()),
        ("control groups", info.cgroup_version.map(|version| version.to_string())),
        ("runtime", info.default_runtime.clone()),
        ("runtimes", runtimes.map(|names| names.into_iter().collect::<Vec<_>>().join(", "))),
        ("containers", info.containers.map(|count| count.to_string())),
        ("images", info.images.map(|count| count.to_string())),
    ];
    let known = all.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact?)));
    known.filter(|(_, fact)| !fact.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(config: serde_json::Value) -> Room {
        limits(&serde_json::from_value(json!({ "HostConfig": config })).unwrap())
    }

    #[test]
    fn limits_are_read_as_engines_tell_them() {
        // Docker keeps the share, Podman tells quota and period.
        assert_eq!(of(json!({ "NanoCpus": 500_000_000_u64, "Memory": 67_108_864 })).cpu_milli, 500);
        assert_eq!(of(json!({ "NanoCpus": 500_000_000_u64, "Memory": 67_108_864 })).memory_mib, 64);
        assert_eq!(of(json!({ "CpuPeriod": 50_000, "CpuQuota": 100_000 })).cpu_milli, 2_000);
        assert_eq!(of(json!({ "CpuQuota": 25_000 })).cpu_milli, 250);
        assert_eq!(of(json!({ "CpuQuota": -1, "Memory": 0 })), Room::default());
    }

    #[test]
    fn what_an_engine_can_do() {
        // As Docker Engine 28 tells of a machine with two graphics processors.
        let info: SystemInfo = serde_json::from_value(json!({
            "MemoryLimit": true, "SwapLimit": false, "CpuCfsQuota": true, "PidsLimit": true, "OSType": "linux",
            "Labels": ["rack=7", "edge"],
            "DiscoveredDevices": [{ "Source": "cdi", "ID": "nvidia.com/gpu=0" }, { "Source": "cdi", "ID": "nvidia.com/gpu=1" },
                { "Source": "cdi", "ID": "nvidia.com/gpu=all" }, { "Source": "cdi", "ID": "vendor.example/net=0" }],
        }))
        .unwrap();
        assert_eq!(gpus(&info), 2);
        let can = capabilities(&info);
        assert!(can.contains("gpus") && can.contains("memory limits") && !can.contains("swap limits"), "{can:?}");
        assert_eq!(labels(&info)["rack"], "7");
        assert_eq!(state(&info), HostState::Ready);
        let windows = SystemInfo { os_type: Some("windows".to_owned()), ..info };
        assert!(matches!(state(&windows), HostState::Closed { .. }));
    }
}
