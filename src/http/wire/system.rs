//! Real systems: where they are, what they have, what came of looking.

use super::Price;
use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use hansa_repository::system;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// A system that is to be connected, or what is to be different of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "edge", "kind": "docker", "site": "urn:hansa:site:local", "address": "unix:///run/docker.sock"}))]
pub(crate) struct SystemRequest {
    /// Its name.
    #[schema(min_length = 1, max_length = 32, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    pub name: String,
    /// Which connector speaks to it: `docker`, `kubernetes`, `openstack`. It keeps its kind.
    #[schema(min_length = 1, max_length = 63)]
    pub kind: String,
    /// The site that has it: IRI, or its last segment. It keeps its site.
    #[schema(min_length = 1, max_length = 2048)]
    pub site: String,
    /// Where it is reached.
    #[schema(min_length = 1, max_length = 2048)]
    pub address: String,
    /// The name of the credential that opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 63)]
    pub credential: Option<String>,
    /// Certificates that are trusted for it in the place of the platform's, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 65536)]
    pub trust: Option<String>,
    /// What its connector needs to know besides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// A system, and how it was last found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct System {
    /// Its name.
    pub name: String,
    /// Which connector speaks to it.
    pub kind: String,
    /// What it gives: `container`, `virtual-machine` or `bare-metal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<String>,
    /// The site's IRI.
    pub site: String,
    /// Where it is reached.
    pub address: String,
    /// The name of the credential that opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Certificates that are trusted for it, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
    /// What its connector needs to know besides.
    pub settings: BTreeMap<String, String>,
    /// `ready`, `unreachable` or `pending` where it wasn't looked at yet.
    pub state: String,
    /// What is wrong, what the system says, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Since when something is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble_since: Option<DateTime<Utc>>,
    /// What it is, with its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// When it last told what it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<DateTime<Utc>>,
    /// When it was last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<DateTime<Utc>>,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
    /// By whom.
    #[schema(value_type = Object)]
    pub created_by: Actor,
    /// What `If-Match` compares.
    pub version: i64,
}

impl System {
    /// A system with what it gives and how it was last found.
    pub(crate) fn new(
        of: system::System,
        gives: Option<hansa_ontology::OfferKind>,
        standing: &system::Standing,
    ) -> Self {
        let state = match (&standing.trouble, &standing.report) {
            (Some(_), _) => "unreachable",
            (None, Some(_)) => "ready",
            (None, None) => "pending",
        };
        Self {
            name: of.name,
            kind: of.kind,
            gives: gives.map(|kind| kind.to_string()),
            site: of.site.to_string(),
            address: of.address,
            credential: of.credential,
            trust: of.trust,
            settings: of.settings,
            state: state.to_owned(),
            trouble: standing.trouble.as_ref().map(|trouble| trouble.message.clone()),
            trouble_since: standing.trouble.as_ref().map(|trouble| trouble.since),
            software: standing.report.as_ref().map(|report| report.software.clone()),
            observed_at: standing.report.as_ref().map(|report| report.observed_at),
            tried_at: standing.tried_at,
            created_at: of.created_at,
            created_by: of.created_by,
            version: of.version,
        }
    }
}

/// What came of asking a system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    /// Whether it can be used.
    pub ok: bool,
    /// One sentence for people: what it is and has, or what is wrong and what to do.
    pub verdict: String,
    /// The sort of what is wrong: `unreachable`, `unauthenticated`, `timed-out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
}

impl Verdict {
    /// What a system answered.
    pub(crate) fn of(system: &str, told: Result<system::SystemReport, system::SystemError>) -> Self {
        match told {
            Ok(report) => Self {
                ok: true,
                verdict: summary(&report),
                fault: None,
                inventory: Some(Inventory::of(system, report)),
            },
            Err(error) => Self {
                ok: false,
                verdict: error.to_string(),
                fault: Some(error.kind.name().to_owned()),
                inventory: None,
            },
        }
    }
}

/// What a system has, in one sentence.
fn summary(report: &system::SystemReport) -> String {
    let ready = report.hosts.iter().filter(|host| host.state == system::HostState::Ready).count();
    let counted = [
        (report.hosts.len(), format!("{ready} of {} hosts ready", report.hosts.len())),
        (report.flavours.len(), format!("{} flavours", report.flavours.len())),
        (report.images.len(), format!("{} images", report.images.len())),
    ];
    let parts: Vec<String> = counted.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    let has = if parts.is_empty() { "it has nothing to give".to_owned() } else { parts.join(", ") };
    format!("{}: {has}", report.software)
}

/// What a system has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Inventory {
    /// When it told so.
    pub observed_at: DateTime<Utc>,
    /// What it is, with its version.
    pub software: String,
    /// What it can do, in its own words.
    pub capabilities: BTreeSet<String>,
    /// Its machines: cluster nodes, hypervisors, servers.
    pub hosts: Vec<SystemHost>,
    /// Sizes in which it gives machines.
    pub flavours: Vec<SystemFlavour>,
    /// What machines can be started from: identifier and name.
    pub images: BTreeMap<String, String>,
    /// How much it gives at most.
    pub quotas: Vec<SystemQuota>,
    /// What a person should know besides.
    pub notes: Vec<String>,
}

/// A machine of a system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemHost {
    /// Its name in the system.
    pub name: String,
    /// The node that it is here.
    pub node: String,
    /// The address under which what runs on it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `ready`, `closed` or `down`.
    pub state: String,
    /// Why it isn't ready, in the system's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// All that it may give.
    pub capacity: Room,
    /// What others than this broker use of it.
    pub used_by_others: Room,
    /// Labels, traits and the like.
    pub labels: BTreeMap<String, String>,
    /// Power drawn now, in watts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_watts: Option<f64>,
    /// The highest temperature measured in it, in degrees Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_celsius: Option<f64>,
    /// Further facts: model, serial number, firmware, network cards.
    pub facts: BTreeMap<String, String>,
}

/// Amounts of what a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(title = "System room")]
pub(crate) struct Room {
    /// Thousandths of a processor.
    pub cpu_milli: u64,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Disk, MiB.
    pub disk_mib: u64,
    /// Graphics processors.
    pub gpus: u64,
}

/// A size in which a system gives machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemFlavour {
    /// How the system calls it.
    pub name: String,
    /// What such a machine has.
    pub room: Room,
    /// How many more could be had now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units_free: Option<u32>,
}

/// How much a system gives at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemQuota {
    /// Of what.
    pub name: String,
    /// At most. Absent: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Taken, by whomever.
    pub used: u64,
}

impl From<system::Room> for Room {
    fn from(room: system::Room) -> Self {
        let system::Room { cpu_milli, memory_mib, disk_mib, gpus } = room;
        Self { cpu_milli, memory_mib, disk_mib, gpus }
    }
}

impl Inventory {
    /// What this system has.
    pub(crate) fn of(system: &str, report: system::SystemReport) -> Self {
        let flavour = |one: system::SystemFlavour| SystemFlavour {
            name: one.name,
            room: one.room.into(),
            units_free: one.units_free,
        };
        let quota = |one: system::SystemQuota| SystemQuota { name: one.name, limit: one.limit, used: one.used };
        Self {
            observed_at: report.observed_at,
            software: report.software,
            capabilities: report.capabilities,
            hosts: report.hosts.into_iter().map(|host| SystemHost::of(system, host)).collect(),
            flavours: report.flavours.into_iter().map(flavour).collect(),
            images: report.images.into_iter().map(|image| (image.id, image.name)).collect(),
            quotas: report.quotas.into_iter().map(quota).collect(),
            notes: report.notes,
        }
    }
}

impl SystemHost {
    fn of(system: &str, host: system::Host) -> Self {
        let (state, reason) = match host.state {
            system::HostState::Ready => ("ready", None),
            system::HostState::Closed { reason } => ("closed", Some(reason)),
            system::HostState::Down { reason } => ("down", Some(reason)),
        };
        Self {
            node: hansa_pim::Node::name_of_host(system, &host.name),
            name: host.name,
            address: host.address.map(|address| address.to_string()),
            state: state.to_owned(),
            reason,
            capacity: host.capacity.into(),
            used_by_others: host.used_by_others.into(),
            labels: host.labels,
            power_watts: host.power_watts,
            temperature_celsius: host.temperature_celsius,
            facts: host.facts,
        }
    }
}

/// How offers are made of what a system has: one for each size, at this price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"currency": "EUR", "perCpu": "0.01", "perGibMemory": "0.004", "flavours": ["small"], "publish": true}))]
pub(crate) struct DeriveRequest {
    /// The currency of the prices (ISO 4217).
    #[schema(min_length = 3, max_length = 3)]
    pub currency: String,
    /// Of each machine, an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32)]
    pub base: Option<String>,
    /// Of each processor, an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32)]
    pub per_cpu: Option<String>,
    /// Of each GiB of memory, an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32)]
    pub per_gib_memory: Option<String>,
    /// Of each GiB of disk, an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32)]
    pub per_gib_disk: Option<String>,
    /// Of each graphics processor, an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32)]
    pub per_gpu: Option<String>,
    /// Only these sizes: flavours of the system, or of this broker where the
    /// system has none of its own. Empty: all of the system's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(max_items = 64)]
    pub flavours: BTreeSet<String>,
    /// What its machines can be used for, besides what the system runs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(max_items = 64)]
    pub capabilities: BTreeSet<String>,
    /// Promised availability in percent, such as `99.9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20)]
    pub availability_percent: Option<String>,
    /// Publish them at once. Else they are drafts.
    #[serde(default)]
    pub publish: bool,
}

/// An offer that was made of what a system has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DerivedOffer {
    /// The offer's IRI.
    pub offer: String,
    /// The system's own name of the size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Price of one unit for an hour.
    pub price_per_hour: Price,
    /// How many there are.
    pub units: u32,
    /// Why there is none, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacking: Option<String>,
    /// `draft` or `published`; `unchanged` where there is one like it.
    pub state: String,
}
