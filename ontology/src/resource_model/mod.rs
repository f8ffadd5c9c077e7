//! The tenant's wish: components, what each needs, links between them,
//! constraints, rules and an objective.
//!
//! These types are the format: YAML and JSON are read into them, and the JSON
//! Schema is generated from them. What one type alone can't say (a link to a
//! component that doesn't exist) is checked by `hansa-application`.

mod chart;
mod component;
mod constraint;
pub mod contract;
mod deferral;
mod files;
mod machine_group;
mod moves;
mod objective;
mod rule;
mod runs;
pub mod scaling;
mod service_level;
mod update;

pub use chart::{ChartFault, ChartSource};
pub use component::{
    Component, ContainerPackage, Environment, ExposedPort, HealthCheck, HealthProbe, HelmPackage, HttpProbe, InitStep,
    KubernetesPackage, OnPeerChange, Package, ProcessPackage, Protocol, Replicas, Resources, RunPolicy, TcpProbe,
    Volume,
};
pub use constraint::{AllowDeny, Constraints};
pub use deferral::{Deferral, Minimise, Moment, Opening};
pub use files::{FILES_VARIABLE, FileSet, MOST_OF_FILES, MountFault, is_base64, is_file_name, is_mount, mount_faults};
pub use machine_group::{MachineGroup, MachineSize};
pub use moves::MovePolicy;
pub use objective::{Objective, ObjectiveKind, Weights};
pub use rule::{ConflictRule, CountRule, EverywhereRule, RatioRule, Rule, Scope, SpreadRule};
pub use runs::{HAS_INGRESS, RUNS_CONTAINERS, RUNS_KUBERNETES, RUNS_NOTHING};
pub use service_level::{AvailabilityLevel, LatencyLevel, QueryLevel, ServiceLevel};
pub use update::{Promotion, UpdatePolicy, UpdateStrategy, alone_because};

use self::scaling::{MicadoAlert, MicadoPolicy};
use crate::{money::Currency, order::Delivery, quantity::TimeSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a name in a resource model looks like (a label of RFC 1123, in lower case).
pub const NAME_PATTERN: &str = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

/// A description of an application, as its tenant wishes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Resource model", example = minimal_example())]
pub struct ResourceModel {
    /// Version of this format. Always 1.
    #[schemars(range(min = 1, max = 1))]
    pub hansa: u32,
    /// The application's name: lower-case letters, digits and hyphens, at most 63 characters (RFC 1123).
    #[schemars(regex(pattern = NAME_PATTERN), example = &"shop")]
    pub name: String,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The currency of all prices in this model, and of the plan. Where it is
    /// absent the broker's own applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The parts of the application, by name (RFC 1123, as the application's). At least one.
    #[schemars(extend("minProperties" = 1, "propertyNames" = { "pattern": NAME_PATTERN }))]
    pub components: BTreeMap<String, Component>,
    /// Groups of machines that are rented as such, by name (RFC 1123; no name of a component).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "pattern": NAME_PATTERN }))]
    pub machines: BTreeMap<String, MachineGroup>,
    /// Scaling policies of MiCADO, which decide together over components and machine groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub micado: Vec<MicadoPolicy>,
    /// Who calls whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// What holds for every component. `maxPricePerHour` here bounds the whole application.
    #[serde(default, skip_serializing_if = "Constraints::is_empty")]
    pub constraints: Constraints,
    /// How instances stand to each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What the application is to achieve, by name (RFC 1123): measured all the
    /// time, shown against its target, and there for scaling to ask.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "pattern": NAME_PATTERN }))]
    pub service_levels: BTreeMap<String, ServiceLevel>,
    /// What is told in the event log when it has held for a time (`alert.firing`), and
    /// when it no longer does (`alert.resolved`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<MicadoAlert>,
    /// What to minimise. By default the price.
    #[serde(default)]
    pub objective: Objective,
    /// What the broker moves without being asked. By default what costs less elsewhere.
    #[serde(default, skip_serializing_if = "MovePolicy::is_automatic")]
    pub moves: MovePolicy,
    /// How a new revision takes the place of the one that runs. By default one instance at a time.
    #[serde(default, skip_serializing_if = "UpdatePolicy::is_default")]
    pub update: UpdatePolicy,
    /// Set by brokers on a partner's order, never by a tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub delivery: Option<Delivery>,
}

fn minimal_example() -> serde_json::Value {
    serde_json::json!({
        "hansa": 1,
        "name": "hello",
        "components": { "web": { "package": { "process": { "command": ["python3", "-m", "http.server", "${PORT_HTTP}"] } }, "ports": { "http": {} } } }
    })
}

/// One component calls another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Link", example = serde_json::json!({ "from": "proxy", "to": "application", "maxLatency": "20ms" }))]
pub struct Link {
    /// The component that calls.
    pub from: String,
    /// The component that is called.
    pub to: String,
    /// The called component's port, by name. Where it is absent: all its ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The longest round-trip time between any two instances of the two components.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_latency: Option<TimeSpan>,
}
