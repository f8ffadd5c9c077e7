//! One part of an application.

use super::{Constraints, Deferral, FileSet, NAME_PATTERN, scaling::Scaling};
use crate::quantity::{CpuMilli, Mebibytes, TimeSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Environment variables of a workload.
pub type Environment = BTreeMap<String, String>;

/// One part of an application: a package, what an instance of it needs, and how many there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Component")]
pub struct Component {
    /// What runs.
    pub package: Package,
    /// What one instance needs.
    #[serde(default)]
    pub resources: Resources,
    /// The ports it listens on, by name (RFC 1123).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "pattern": NAME_PATTERN }))]
    pub ports: BTreeMap<String, ExposedPort>,
    /// Environment variables: names of POSIX, values of text. The prefixes
    /// `HANSA_`, `PORT_`, `PEERS_` and `VOLUME_` belong to the broker.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }), example = serde_json::json!({ "LOG_LEVEL": "info" }))]
    pub environment: Environment,
    /// Directories that outlive a restart of the instance, by name (RFC 1123).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "pattern": NAME_PATTERN }))]
    pub volumes: BTreeMap<String, Volume>,
    /// Files that each instance finds, in sets by name (RFC 1123): `NAME/FILE` in the directory `HANSA_FILES`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "pattern": NAME_PATTERN }))]
    pub files: BTreeMap<String, FileSet>,
    /// How many instances: a number, or a range from which the plan chooses.
    #[serde(default)]
    pub replicas: Replicas,
    /// How the number of instances follows what is measured. `replicas` is then the number at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// Whether it is kept running or is done when it has ended well.
    #[serde(default)]
    pub run: RunPolicy,
    /// When a job (`run: once`) may wait for better hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defer: Option<Deferral>,
    /// How to know that an instance works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthCheck>,
    /// What happens to an instance when the addresses of those it calls change.
    #[serde(default)]
    pub on_peer_change: OnPeerChange,
    /// What its machines must fulfil. `maxPricePerHour` here bounds each machine that holds an instance.
    #[serde(default, skip_serializing_if = "Constraints::is_empty")]
    pub constraints: Constraints,
    /// The machine groups in whose machines its instances run. Where it names none:
    /// in any machine.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub machines: BTreeSet<String>,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Package")]
pub enum Package {
    /// An operating-system process.
    Process(ProcessPackage),
    /// A container image (OCI). Systems of containers run it: container engines and Kubernetes clusters.
    Container(ContainerPackage),
    /// Objects of Kubernetes, as manifests. Kubernetes clusters run it.
    Kubernetes(KubernetesPackage),
    /// A Helm chart. Kubernetes clusters run it.
    Helm(HelmPackage),
}

/// An operating-system process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Process package")]
pub struct ProcessPackage {
    /// Program and arguments. `${NAME}` in an argument stands for the
    /// environment variable of that name, as the workload gets it; `$${` stands
    /// for the characters `${` themselves. No shell is involved.
    #[schemars(length(min = 1), example = ["hansa", "sample", "proxy"])]
    pub command: Vec<String>,
}

/// A container image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Container package")]
pub struct ContainerPackage {
    /// Image reference, such as `registry.example/shop:1.2`.
    #[schemars(length(min = 1), example = &"registry.example/shop:1.2")]
    pub image: String,
    /// Program and arguments in place of all that the image starts by itself: its
    /// entrypoint and its command. `${NAME}` and `$${` stand for what they do in a process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["serve", "--port=${PORT_HTTP}"])]
    pub command: Vec<String>,
    /// Arguments in place of the image's own command: for `command`, or, where that is
    /// absent, for the image's entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// What each of its instances does before it begins, one step after another, each to
    /// its end. One that fails is a failure of the instance, which then begins anew with the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub init: Vec<InitStep>,
}

/// A step before a container begins: another container, with the instance's volumes,
/// files, environment, network and limits, and without its ports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Init step")]
pub struct InitStep {
    /// Image reference. Where it is absent: the component's own image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), example = &"registry.example/migrate:1.2")]
    pub image: Option<String>,
    /// Program and arguments in place of all that the image starts by itself, as of the component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["migrate", "--to=latest"])]
    pub command: Vec<String>,
    /// Arguments in place of the image's own command, as of the component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Environment variables besides the component's, or in place of those of the same name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: Environment,
}

/// Objects of Kubernetes. They are applied into the application's namespace, with
/// labels that say whose they are; what a new revision no longer names is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Kubernetes package")]
pub struct KubernetesPackage {
    /// Manifests in YAML, as many documents as there are objects, without a
    /// namespace of their own. Nothing is put in for `${NAME}`.
    #[schemars(length(min = 1))]
    pub manifests: String,
}

/// A Helm chart. It is rendered for the cluster it goes to; what comes of that is
/// applied as the manifests of a package `kubernetes` are. The release has the
/// component's name. Give `chart` or `archive`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Helm package")]
pub struct HelmPackage {
    /// Where the chart is: `oci://HOST/PATH`, the `https://` address of a packed
    /// chart, or its name in `repository`. The owner of the cluster says whence charts may come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), example = &"oci://registry.example/charts/shop")]
    pub chart: Option<String>,
    /// The `https://` address of the repository that has the chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^https://"), example = &"https://charts.example")]
    pub repository: Option<String>,
    /// The chart's exact version. It must be there but for the address of a packed chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), example = &"1.2.3")]
    pub version: Option<String>,
    /// The packed chart itself (`helm package`), in base64: nothing is fetched then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub archive: Option<String>,
    /// Values, over those of the chart. Nothing is put in for `${NAME}`.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schemars(example = serde_json::json!({ "replicaCount": 2 }))]
    pub values: serde_json::Map<String, serde_json::Value>,
    /// Whether what stands in the chart's `crds` folder is applied too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub crds: bool,
}

/// What one instance needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Resources")]
pub struct Resources {
    /// Processors. So many it is sure to have, and no more, unless `burst` says so.
    #[serde(default = "default_cpu")]
    pub cpu: CpuMilli,
    /// Whether it may use processors beyond `cpu` while they are idle, as a
    /// request without a limit does in Kubernetes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub burst: bool,
    /// Memory.
    #[serde(default = "default_memory")]
    pub memory: Mebibytes,
    /// Local disk, besides that of the volumes.
    #[serde(default)]
    pub disk: Mebibytes,
    /// Graphics processors.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gpus: u32,
}

fn default_cpu() -> CpuMilli {
    CpuMilli(100)
}

fn default_memory() -> Mebibytes {
    Mebibytes(128)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Default for Resources {
    fn default() -> Self {
        Self { cpu: default_cpu(), burst: false, memory: default_memory(), disk: Mebibytes(0), gpus: 0 }
    }
}

/// A port on which an instance listens. The broker gives each instance a free
/// port of its machine and tells it in the environment variable `PORT_<NAME>`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Port")]
pub struct ExposedPort {
    /// Transport protocol.
    #[serde(default)]
    pub protocol: Protocol,
    /// Reachable from outside the application. Needs a machine with the capability `public-ip`.
    #[serde(default)]
    pub public: bool,
    /// This very port number, where any free one won't do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub number: Option<u16>,
    /// The host name under which the component is reached by HTTP from outside: one
    /// entrance for all its instances there. Needs an offer with the capability `ingress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), example = &"shop.example")]
    pub host: Option<String>,
}

/// Transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "Protocol")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// A directory that outlives a restart of the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Volume")]
pub struct Volume {
    /// How much room it needs on the machine's disk.
    pub size: Mebibytes,
    /// Environment variable that tells the instance the directory. Where it is absent: `VOLUME_<NAME>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Where in a container it is: an absolute path, such as the one that a program of
    /// others writes to. Where it is absent: a place of the broker's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/var/lib/mysql")]
    pub mount: Option<String>,
}

/// How many instances of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[schemars(example = 2, example = serde_json::json!({ "min": 1, "max": 5 }))]
#[schemars(title = "Replicas")]
pub enum Replicas {
    /// Exactly so many.
    Fixed(#[schemars(range(max = 10_000))] u32),
    /// As many as the plan chooses within bounds.
    #[serde(rename_all = "camelCase")]
    Range {
        /// At least.
        #[schemars(range(max = 10_000))]
        min: u32,
        /// At most. Where it is absent the rules must bound it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 10_000))]
        max: Option<u32>,
    },
}

impl Replicas {
    /// The greatest number that a model or a change may ask for.
    pub const MOST: u32 = 10_000;

    /// The least number.
    #[must_use]
    pub const fn min(self) -> u32 {
        match self {
            Self::Fixed(count) => count,
            Self::Range { min, .. } => min,
        }
    }

    /// The greatest number, if there is one.
    #[must_use]
    pub const fn max(self) -> Option<u32> {
        match self {
            Self::Fixed(count) => Some(count),
            Self::Range { max, .. } => max,
        }
    }
}

impl Default for Replicas {
    fn default() -> Self {
        Self::Fixed(1)
    }
}

/// How to know that an instance works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Health check")]
pub struct HealthCheck {
    /// What is tried.
    pub probe: HealthProbe,
    /// Time between two tries.
    #[serde(default = "two_seconds")]
    pub interval: TimeSpan,
    /// How long one try may take.
    #[serde(default = "one_second")]
    pub timeout: TimeSpan,
    /// After so many failures in a row the instance is restarted.
    #[serde(default = "three")]
    #[schemars(range(min = 1))]
    pub failures: u32,
    /// How long a new instance may take until its first success.
    #[serde(default = "half_a_minute")]
    pub startup: TimeSpan,
}

fn one_second() -> TimeSpan {
    TimeSpan::from_millis(1_000)
}

fn two_seconds() -> TimeSpan {
    TimeSpan::from_millis(2_000)
}

fn half_a_minute() -> TimeSpan {
    TimeSpan::from_millis(30_000)
}

fn three() -> u32 {
    3
}

/// What a health check tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Health probe")]
pub enum HealthProbe {
    /// A GET that must answer 200 to 399.
    Http(HttpProbe),
    /// A connection that must open.
    Tcp(TcpProbe),
}

impl HealthProbe {
    /// The component's port that is tried, by name.
    #[must_use]
    pub fn port(&self) -> &str {
        match self {
            Self::Http(probe) => &probe.port,
            Self::Tcp(probe) => &probe.port,
        }
    }
}

/// An HTTP probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "HTTP probe")]
pub struct HttpProbe {
    /// The component's port, by name.
    pub port: String,
    /// Path and query.
    #[serde(default = "root")]
    #[schemars(regex(pattern = r"^/"))]
    pub path: String,
}

fn root() -> String {
    "/".to_owned()
}

/// A TCP probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "TCP probe")]
pub struct TcpProbe {
    /// The component's port, by name.
    pub port: String,
}

/// Whether an instance is kept running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "Run policy")]
pub enum RunPolicy {
    /// It is started again whenever it ends.
    #[default]
    Service,
    /// It is a job: done when it has ended with code 0, and tried again until then.
    /// One that is moved to another machine runs there anew.
    Once,
}

impl RunPolicy {
    /// It is kept running.
    #[must_use]
    pub fn is_service(&self) -> bool {
        *self == Self::Service
    }
}

/// What happens to a running instance when the addresses of those it calls
/// change. The file named by `HANSA_PEERS_FILE` and the lookup in the API are
/// always current; the environment is what was true at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "On peer change")]
pub enum OnPeerChange {
    /// It goes on.
    #[default]
    Keep,
    /// It is restarted, one instance of the component at a time.
    Restart,
}
