//! The wish: one running copy of a component, in one place.

use hansa_ontology::{
    ApplicationId, MachineId, ProviderId, SiteId, WorkloadId,
    resource_model::{Environment, ExposedPort, FileSet, HealthCheck, Package, Resources, RunPolicy, Volume},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

/// One running instance of a component, as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadSpec {
    /// The workload. The same id always means the same copy: it never runs twice.
    pub id: WorkloadId,
    /// The application that it belongs to.
    pub application: ApplicationId,
    /// That application's name, which the workload gets as `HANSA_APPLICATION`.
    pub application_name: String,
    /// The component's name in the resource model.
    pub component: String,
    /// Which of the component's instances.
    pub ordinal: u32,
    /// Changes whenever package, environment, resources, ports, volumes, files or
    /// health check change. A running workload of another revision is replaced
    /// in place; a caller who wants old and new side by side takes a new id.
    pub revision: String,
    /// Who runs the site; the workload gets it as `HANSA_PROVIDER`.
    pub provider: ProviderId,
    /// Where it runs. Fixed for the life of the workload.
    pub target: Target,
    /// What runs.
    pub package: Package,
    /// What it may use.
    pub resources: Resources,
    /// The ports on which it listens, by name.
    #[serde(default)]
    pub ports: BTreeMap<String, ExposedPort>,
    /// Environment variables of the component.
    #[serde(default)]
    pub environment: Environment,
    /// Directories that outlive the workload, by name.
    #[serde(default)]
    pub volumes: BTreeMap<String, Volume>,
    /// Files that it finds, in sets by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, FileSet>,
    /// How to know that it works.
    #[serde(default)]
    pub health: Option<HealthCheck>,
    /// Whether it is kept running, or done when it has ended well.
    #[serde(default)]
    pub run: RunPolicy,
}

/// Where a workload runs: a share of a node, of this machine or of a real system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The rented machine.
    pub machine: MachineId,
    /// Its site.
    pub site: SiteId,
    /// The node's name within the site.
    pub node: String,
    /// The address on which the workload listens and is reached.
    pub address: IpAddr,
    /// The directory in which workloads and volumes of this node are kept.
    /// Absolute. Volumes are found again by whoever names the same directory.
    pub directory: PathBuf,
    /// The real system that runs it, by its name in this broker. None: this very machine.
    #[serde(default)]
    pub system: Option<String>,
}
