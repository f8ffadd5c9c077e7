//! The real systems that are container clusters, or make them, each behind one
//! trait: one file (or folder) and a line of registration for each. How
//! packages get onto them is the business of the Workload Deployment Manager.

mod cluster_api;
mod docker;
mod door;
mod kubernetes;
mod leaving;
mod magnum;

pub(crate) use door::handed_on;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_pim::MachineConnector;
use hansa_repository::system::{ClusterDoor, Kind, SystemError, SystemReport};
use std::fmt::Debug;

/// The kinds of system that are container clusters.
pub static KINDS: &[Kind<dyn ClusterConnector>] =
    &[Kind { name: "docker", connect: docker::connect }, Kind { name: "kubernetes", connect: kubernetes::connect }];

/// The kinds of system that make container clusters: each machine of theirs is one.
pub static MAKERS: &[Kind<dyn MachineConnector>] =
    &[Kind { name: "cluster_api", connect: cluster_api::connect }, Kind { name: "magnum", connect: magnum::connect }];

/// The same kinds, where the clusters that they made are entered.
pub static DOORS: &[Kind<dyn ClusterKeeper>] =
    &[Kind { name: "cluster_api", connect: cluster_api::keeper }, Kind { name: "magnum", connect: magnum::keeper }];

/// A container cluster; one engine on one host is the smallest.
#[async_trait]
pub trait ClusterConnector: Send + Sync + Debug {
    /// What the cluster has now: its version, what it can do, its hosts with
    /// what they can give, and what others than this broker use of it.
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError>;
}

/// A system that lets us into the clusters that it made.
#[async_trait]
pub trait ClusterKeeper: Send + Sync + Debug {
    /// How the cluster of this name is spoken to, if it is one of this broker's.
    async fn door(&self, cluster: &str) -> Result<ClusterDoor, SystemError>;
}
