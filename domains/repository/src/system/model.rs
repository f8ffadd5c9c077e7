//! A real system and what is known of it.

use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, OfferId, SiteId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
    str::FromStr,
    sync::Arc,
};

/// A real system that a site has: a container engine, a cluster, a cloud, a
/// management controller. Its owner connects it; connectors speak to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// Its name, unique in this broker: lower-case letters, digits and `-`, at most 32.
    pub name: String,
    /// Which connector speaks to it: `docker`, `kubernetes`, `openstack`.
    pub kind: String,
    /// The site that has it.
    pub site: SiteId,
    /// Where it is reached: `unix:///run/docker.sock`, `https://cloud.example:5000/v3`.
    pub address: String,
    /// The credential that opens it, by name.
    pub credential: Option<String>,
    /// Certificates that are trusted for it instead of the system's own, PEM.
    pub trust: Option<String>,
    /// What its connector needs to know besides, by name; the connector says what there is.
    pub settings: BTreeMap<String, String>,
    /// When it was connected.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: Actor,
    /// Grows with every change.
    pub version: i64,
}

/// The setting with what all hosts of a system can be used for: tags, with commas between them.
pub const CAPABILITIES_SETTING: &str = "capabilities";
/// The setting with how many virtual processors are given for each real one of
/// a system's hosts, as OpenStack's `cpu_allocation_ratio`.
pub const ALLOCATION_RATIO_SETTING: &str = "cpuAllocationRatio";
/// What may be set for a system of any kind whose hosts are nodes: no connector's business.
pub const HOST_SETTINGS: [&str; 2] = [CAPABILITIES_SETTING, ALLOCATION_RATIO_SETTING];
/// The setting by which machines of a system get an agent that runs packages.
pub const AGENT_SETTING: &str = "agent";

impl System {
    /// What the agents run that its machines get. None: its machines are bare.
    #[must_use]
    pub fn agent(&self) -> Option<AgentRuns> {
        self.settings.get(AGENT_SETTING)?.parse().ok()
    }
}

/// What an agent runs on its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentRuns {
    /// Processes of the machine's own system.
    Processes,
    /// Containers, by an engine that is on the machine or brought there.
    Containers,
    /// What runs on Kubernetes, by a cluster of one node that is brought there.
    Kubernetes,
}

impl AgentRuns {
    /// As settings and the command line have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Containers => "containers",
            Self::Kubernetes => "kubernetes",
        }
    }
}

impl fmt::Display for AgentRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for AgentRuns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Processes, Self::Containers, Self::Kubernetes].into_iter().find(|runs| runs.name() == text);
        known.ok_or_else(|| {
            format!("`{text}` is nothing that an agent runs; write `processes`, `containers` or `kubernetes`")
        })
    }
}

/// What a system says it has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemReport {
    /// When it was asked.
    pub observed_at: DateTime<Utc>,
    /// What it is, with its version: `Docker Engine 20.10.24`.
    pub software: String,
    /// What it can do, in its connector's words: `api v1.41`, `limits`, `volumes`.
    pub capabilities: BTreeSet<String>,
    /// Machines that it has: cluster nodes, hypervisors, servers.
    pub hosts: Vec<Host>,
    /// Sizes in which it gives machines.
    pub flavours: Vec<SystemFlavour>,
    /// What machines can be started from.
    pub images: Vec<SystemImage>,
    /// How much of what it gives at most.
    pub quotas: Vec<SystemQuota>,
    /// What a person should know: parts that could not be looked at.
    pub notes: Vec<String>,
}

impl SystemReport {
    /// A report with nothing in it yet.
    #[must_use]
    pub fn new(observed_at: DateTime<Utc>, software: impl Into<String>) -> Self {
        Self {
            observed_at,
            software: software.into(),
            capabilities: BTreeSet::new(),
            hosts: Vec::new(),
            flavours: Vec::new(),
            images: Vec::new(),
            quotas: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// A machine that a system has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Its name in the system.
    pub name: String,
    /// The address under which what runs on it is reached. None where that is not known (yet).
    pub address: Option<IpAddr>,
    /// Whether it can be used now, and why not.
    pub state: HostState,
    /// All that it may give.
    pub capacity: Room,
    /// What others than this broker use of it.
    pub used_by_others: Room,
    /// Labels, traits and the like, as the system has them.
    pub labels: BTreeMap<String, String>,
    /// Power drawn now, in watts, where it is measured.
    pub power_watts: Option<f64>,
    /// The highest temperature measured in it, in degrees Celsius.
    pub temperature_celsius: Option<f64>,
    /// Further facts for people: model, serial number, firmware, network cards.
    pub facts: BTreeMap<String, String>,
}

/// Whether a host can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "state")]
pub enum HostState {
    /// It can.
    Ready,
    /// It works and takes nothing new: cordoned, in maintenance, used by others.
    Closed {
        /// Why, in the system's words.
        reason: String,
    },
    /// It doesn't work.
    Down {
        /// Why, in the system's words.
        reason: String,
    },
}

/// Amounts of what a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// Thousandths of a processor.
    pub cpu_milli: u64,
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Disk, MiB.
    pub disk_mib: u64,
    /// Graphics processors.
    pub gpus: u64,
}

impl Room {
    /// What is left when the other is taken off; nothing is less than nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_sub(other.cpu_milli),
            memory_mib: self.memory_mib.saturating_sub(other.memory_mib),
            disk_mib: self.disk_mib.saturating_sub(other.disk_mib),
            gpus: self.gpus.saturating_sub(other.gpus),
        }
    }
}

/// A size in which a system gives machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemFlavour {
    /// How the system calls it, as an order names it: `m1.small`.
    pub name: String,
    /// What such a machine has.
    pub room: Room,
    /// How many more of it could be had now. None where the system does not tell.
    pub units_free: Option<u32>,
}

/// What machines can be started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemImage {
    /// How the system identifies it.
    pub id: String,
    /// Its name for people.
    pub name: String,
}

/// How much a system gives at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemQuota {
    /// Of what, in the system's words: `cores`, `ram (MiB)`.
    pub name: String,
    /// At most. None: no bound.
    pub limit: Option<u64>,
    /// Taken, by whomever.
    pub used: u64,
}

/// How a system was last found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The last that it told.
    pub report: Option<SystemReport>,
    /// What is wrong since then. None: nothing.
    pub trouble: Option<Trouble>,
    /// When it was last asked.
    pub tried_at: Option<DateTime<Utc>>,
}

/// Why a system does not answer as it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Its sort, as in [`super::SystemErrorKind::name`].
    pub kind: String,
    /// What Hansa makes of it, what the system said, what to do.
    pub message: String,
}

/// What stands behind an offer of this broker's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backing {
    /// The offer.
    pub offer: OfferId,
    /// The system that delivers it.
    pub system: String,
    /// As what of its own: a flavour's name, a resource class. None: any.
    pub item: Option<String>,
}

/// A secret that was opened for a connector. It prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SystemSecret(Vec<u8>);

impl SystemSecret {
    /// Takes the bytes.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The secret itself: for the system that it opens, and for nobody else.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text; None where it is none.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for SystemSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemSecret(***)")
    }
}

/// All that a connector needs to speak to a system.
#[derive(Debug, Clone)]
pub struct SystemConnection {
    /// The system.
    pub system: System,
    /// The secret of its credential.
    pub secret: Option<SystemSecret>,
    /// Who this broker is there, as [`super::Systems::broker`].
    pub broker: Arc<str>,
}

impl SystemConnection {
    /// A setting of the system.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.system.settings.get(name).map(String::as_str)
    }
}
